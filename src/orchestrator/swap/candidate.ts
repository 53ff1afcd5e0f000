import { EngineError } from '../../errors.ts';
import type { CommandOptions } from '../commands.ts';
import type { Container, ContainerId } from '../engine/container.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import type { ContainerSpec } from '../engine/container-spec.ts';
import { passGate } from '../gate/gate.ts';
import type { GatePolicy } from '../gate/limits.ts';
import { lastLines } from '../gate/last-lines.ts';
import { joinUnderAliases, withoutAliases } from './aliases.ts';
import type { RunMemory } from './next-step.ts';
import { greenName, type Places } from './places.ts';
import type { SwapTask, SwapWorld } from './task.ts';
import { ticking } from './ticking.ts';
import { UnhealthyError } from './unhealthy-error.ts';

/** A candidate may have taken on work while it was looked at; one that hangs holds up nobody. */
const DISCARD_GRACE_SECONDS = 30;

/** Creates the candidate, not started. @throws EngineError */
export async function createCandidate(
  { engine }: SwapWorld,
  task: SwapTask,
  places: Places,
  memory: RunMemory,
  options: CommandOptions,
): Promise<ContainerId> {
  const name = greenName(task.subject.name);
  if (task.spec === undefined) throw new Error(`there is nothing to create ${name} of`);
  if (memory.created !== undefined) {
    throw new EngineError('NOT_FOUND', `somebody removed ${name} while it was being looked at`);
  }
  options.onProgress?.({ step: 'create', message: `creating ${name}` });
  const isBesideAnother = places.current !== undefined && task.strategy === 'blue-green';
  const spec = isBesideAnother ? withoutAliases(task.spec) : task.spec;
  try {
    return await engine.create({ ...spec, name }, options);
  } catch (error) {
    if (!(await isImageGone(engine, spec, error, options))) throw error;
    await task.pullAgain?.(options);
    return engine.create({ ...spec, name }, options);
  }
}

/** The network and the source of a mount may be what is missing, too. */
async function isImageGone(
  engine: ContainerEngine,
  { image }: ContainerSpec,
  error: unknown,
  options: CommandOptions,
): Promise<boolean> {
  if (!(error instanceof EngineError) || error.code !== 'NOT_FOUND') return false;
  return (await engine.inspectImage(image, options)) === undefined;
}

/** Watches a candidate until it is found good and may be found by others. @throws UnhealthyError */
export async function gateCandidate(
  world: SwapWorld,
  task: SwapTask,
  green: Container,
  options: CommandOptions,
): Promise<void> {
  await judge(world, task, green, task.gate, options);
  if (task.spec === undefined) return;
  const changed = await joinUnderAliases(world.engine, green, task.spec.network, options);
  // Being put into a network anew cuts connections: it must have borne that.
  if (changed) await judge(world, task, green, { ...task.gate, settleSeconds: 0 }, options);
}

/** Removes a candidate for good, and what only it needed. */
export async function discardCandidate(
  { engine }: SwapWorld,
  task: SwapTask,
  green: Container,
  options: CommandOptions,
): Promise<void> {
  const message = `removing ${green.name}`;
  const grace = Math.min(task.stopGraceSeconds, DISCARD_GRACE_SECONDS);
  await ticking(engine.stop(green.id, grace), () =>
    options.onProgress?.({ step: 'recover', message }),
  );
  await engine.remove(green.id);
  await task.onRemoval?.(green);
}

async function judge(
  world: SwapWorld,
  task: SwapTask,
  green: Container,
  policy: GatePolicy,
  options: CommandOptions,
): Promise<void> {
  const verdict = await passGate(world, green.id, policy, {
    ...options,
    onLook: (seen) => options.onProgress?.({ step: 'gate', message: `${green.name}: ${seen}` }),
  });
  if (verdict.verdict === 'good') return;
  throw new UnhealthyError(
    `the new version of ${task.subject.name} ${verdict.reason}; see its last lines`,
    await lastLines(world.engine, green.id, task.redact, options),
  );
}
