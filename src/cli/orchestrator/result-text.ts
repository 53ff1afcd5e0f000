import type {
  AppResult,
  AppStatus,
  ContainerStatus,
  Failure,
  ReconcileResult,
  SelfUpdateResult,
  Version,
} from '../../orchestrator/commands.ts';
import { printable, type Paint } from '../output/format.ts';

/** What came of a command for an app, in a few lines. */
export function appResultText(result: AppResult, paint: Paint): string {
  const { app, command, outcome, serving, previous, warnings } = result;
  const lines: string[] = [];
  if (result.outcome === 'failed') {
    lines.push(
      `${paint('red', '✖')} ${printable(app)}: ${command} failed`,
      ...failureLines(result.failure, paint),
    );
    lines.push(`  ${serving === undefined ? 'nothing serves' : `${shown(serving)} still serves`}`);
  } else {
    const words = { done: command, unchanged: 'nothing to change', superseded: 'superseded' };
    lines.push(`${paint('green', '✔')} ${printable(app)}: ${words[outcome as keyof typeof words]}`);
    if (serving !== undefined)
      lines.push(`  serves    ${shown(serving)}`, `  from      ${printable(serving.image)}`);
    if (previous !== undefined)
      lines.push(`  ${serving === undefined ? 'removed ' : 'previous'}  ${shown(previous)}`);
  }
  return joined([...lines, ...warningLines(warnings, paint)]);
}

export function selfUpdateText(result: SelfUpdateResult, paint: Paint): string {
  if (result.outcome === 'failed') {
    return joined([
      `${paint('red', '✖')} the orchestrator was not updated`,
      ...failureLines(result.failure, paint),
    ]);
  }
  const words = {
    'handing-over':
      'the new version is good and is taking over; sdr-orchestrator status shows when it is through',
    done: 'the new version is active',
    unchanged: 'that version runs already',
  };
  return joined([`${paint('green', '✔')} ${words[result.outcome]}`]);
}

export function reconcileText(
  { actions, warnings, dryRun }: ReconcileResult,
  paint: Paint,
): string {
  const lines = actions.map(
    ({ app = 'the orchestrator', action, reason, outcome, failure, to }) => {
      const sign = outcome === 'failed' ? paint('red', '✖') : paint('green', '✔');
      const goal = to === undefined ? '' : ` to ${printable(to)}`;
      const state = dryRun || action === 'keep' ? '' : ` ${outcome}`;
      const line = `${sign} ${printable(app)}: ${action}${goal}${state} (${printable(reason)})`;
      return [line, ...(failure === undefined ? [] : failureLines(failure, paint))].join('\n');
    },
  );
  if (lines.length === 0) lines.push('No app is installed.');
  return joined([...lines, ...warningLines(warnings, paint)]);
}

/** One app or the orchestrator, with every container there is of it. */
export function statusText({ app, current, previous, others }: AppStatus, paint: Paint): string {
  const lines = [
    current === undefined
      ? `${paint('red', '✖')} ${printable(app)}: no container under its name; sdr-orchestrator reconcile mends that`
      : containerLine(app, current, paint),
  ];
  if (current !== undefined) lines.push(`    from ${printable(current.image)}`);
  if (previous !== undefined) lines.push(`    a rollback returns to ${shown(previous)}`);
  for (const other of others) {
    lines.push(
      `    ${paint('yellow', '!')} a swap is under way: ${printable(other.name)} ${printable(other.version)} ${other.state}`,
    );
  }
  return joined(lines);
}

export function containerLine(app: string, container: ContainerStatus, paint: Paint): string {
  const { state, health, startedAt, restartCount, version } = container;
  const isGood = state === 'running' && health !== 'unhealthy';
  const facts = [
    health === 'none' ? state : `${state}, ${health}`,
    ...(startedAt === undefined ? [] : [`since ${startedAt}`]),
    ...(restartCount === 0 ? [] : [`restarted ${restartCount} times`]),
  ];
  const sign = isGood ? paint('green', '✔') : paint('red', '✖');
  return `${sign} ${printable(app)} ${printable(version)}: ${facts.join(', ')}`;
}

function failureLines({ code, message, step, logs, retryable }: Failure, paint: Paint): string[] {
  return [
    `  ${paint('red', code)} at ${step}: ${printable(message)}`,
    ...(retryable ? ['  The same command may succeed later.'] : []),
    ...(logs.length === 0 ? [] : ['  Its last lines:']),
    ...logs.map((line) => `    ${printable(line)}`),
  ];
}

function warningLines(warnings: readonly string[], paint: Paint): string[] {
  return warnings.map((warning) => `  ${paint('yellow', '!')} ${printable(warning)}`);
}

function shown({ version, source }: Version): string {
  return `${printable(version)} (${printable(source)})`;
}

function joined(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
