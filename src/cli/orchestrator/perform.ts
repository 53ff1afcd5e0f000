import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import type { ExitCode } from '../../exit-code.ts';
import type { CommandOptions, Commands } from '../../orchestrator/commands.ts';
import type { OrchestratorConfig } from '../../orchestrator/config/config.ts';
import { COMMAND_ID } from '../../orchestrator/temporal/contract/requests.ts';
import { SECTIONS } from '../../orchestrator/config/sections.ts';
import type { Terminal } from '../output/terminal.ts';
import { wireOrchestrator, type WiredOrchestrator } from '../wire-orchestrator.ts';
import type { World } from '../world.ts';
import type { OrchestratorContext } from './context.ts';
import { interruptible } from './interruptible.ts';
import { load } from './load.ts';
import type { OrchestratorParts } from './parts.ts';
import { wireReporting } from './wire-reporting.ts';

/** An orchestrator, and what it was made from. */
export interface Performance extends WiredOrchestrator {
  readonly config: OrchestratorConfig;
  readonly world: World;
  readonly parts: OrchestratorParts;
}

/** Runs one command of the command line on an orchestrator made for it alone. */
export async function perform(
  command: Command,
  { terminal, world, finish, process, parts }: OrchestratorContext,
  act: (performance: Performance, terminal: Terminal, options: CommandOptions) => Promise<ExitCode>,
): Promise<void> {
  const { config, world: loaded } = await load(command, world(), SECTIONS);
  const machine = await parts();
  const wired = await wireOrchestrator(config, machine, loaded);
  finish(
    await interruptible(terminal(), process, async (options) =>
      act({ ...wired, config, world: loaded, parts: machine }, terminal(), options),
    ),
  );
}

/** As {@link perform}, for what changes something: the control plane is told of it, too. */
export async function performChange(
  command: Command,
  context: OrchestratorContext,
  act: (commands: Commands, terminal: Terminal, options: CommandOptions) => Promise<ExitCode>,
): Promise<void> {
  await perform(command, context, async (performance, terminal, options) => {
    const { config, parts, world, commands } = performance;
    const reporting = await wireReporting(config, performance, parts, world);
    return act(reporting?.commands ?? commands, terminal, options);
  });
}

/** The id of a wish: the given one, else one that nobody had before. @throws ConfigError */
export function idFor(given: string | undefined): string {
  if (given === undefined) return `cli-${randomUUID()}`;
  if (COMMAND_ID.test(given)) return given;
  throw new ConfigError('--command-id: use 1 to 128 printable ASCII characters without spaces');
}
