import type { ExitCode } from '../../exit-code.ts';
import type {
  AppResult,
  CommandOptions,
  Commands,
  InstallRequest,
  SelfUpdateRequest,
} from '../../orchestrator/commands.ts';
import { reportLines } from '../output/json.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';
import { exitCodeOfFailures } from './failure.ts';
import { appResultText, reconcileText, selfUpdateText } from './result-text.ts';

/** `install`, `upgrade`, `uninstall`, `restart`, `rollback`: the functions behind the workflows. */
export async function changeApp(
  commands: Commands,
  command: AppResult['command'],
  request: InstallRequest,
  terminal: Terminal,
  options: CommandOptions,
): Promise<ExitCode> {
  const result = await commands[command](request, options);
  await show(result, appResultText(result, terminal.paint), terminal);
  return exitCodeOfFailures(result.outcome === 'failed' ? [result.failure] : []);
}

export async function updateSelf(
  commands: Commands,
  request: SelfUpdateRequest,
  terminal: Terminal,
  options: CommandOptions,
): Promise<ExitCode> {
  const result = await commands.selfUpdate(request, options);
  await show(result, selfUpdateText(result, terminal.paint), terminal);
  return exitCodeOfFailures(result.outcome === 'failed' ? [result.failure] : []);
}

export async function reconcileOnce(
  commands: Commands,
  { dryRun }: { readonly dryRun: boolean },
  terminal: Terminal,
  options: CommandOptions,
): Promise<ExitCode> {
  const result = await commands.reconcile({ dryRun }, options);
  await show(result, reconcileText(result, terminal.paint), terminal);
  return exitCodeOfFailures(result.actions.flatMap(({ failure }) => failure ?? []));
}

async function show(result: unknown, text: string, { format, stdout }: Terminal): Promise<void> {
  await writeResult(stdout, format === 'json' ? reportLines(result) : text);
}
