import { EngineError } from '../../errors.ts';
import type { Options } from '../../options.ts';
import type { Failure } from '../commands.ts';
import type { Container } from '../engine/container.ts';
import { passGate } from '../gate/gate.ts';
import { lastLines } from '../gate/last-lines.ts';
import { redactor } from '../gate/redact.ts';
import { cleanImages } from '../lifecycle/clean-images.ts';
import { labelsOf } from '../lifecycle/subject.ts';
import { oldName } from '../swap/places.ts';
import { isUp } from '../swap/next-step.ts';
import type { Move } from './next-move.ts';
import { removeCandidate, WATCHER_GRACE_SECONDS } from './remove-candidate.ts';
import type { Scene } from './role.ts';
import type { RoleWorld } from './role-loop.ts';

/** Makes one move. A crash in the midst of any leaves a scene from which another loop goes on. */
export async function makeMove(
  world: RoleWorld,
  scene: Scene,
  move: Move,
  options: Options,
): Promise<void> {
  switch (move.move) {
    case 'stay':
      return;
    case 'retire':
      await retire(world, move.old, options);
      return;
    case 'consider':
      await consider(world, scene, move.green, options);
      return;
    case 'finish':
      await finish(world, scene, move.green, options);
      return;
    case 'take-back':
      await takeBack(world, scene, move.unstable);
      return;
    case 'take-over':
      world.logger.warn('nobody has the name any more: taking it', { container: scene.self.name });
      await world.engine.rename(scene.self.id, scene.name);
  }
}

async function retire(
  { engine, deployment, logger }: RoleWorld,
  old: Container,
  options: Options,
): Promise<void> {
  await engine.stop(old.id, WATCHER_GRACE_SECONDS, options);
  await cleanImages(engine, deployment, [old], (warning) => {
    logger.warn(warning);
  });
  await engine.remove(old.id, options);
  logger.info('the new version has settled: its predecessor is gone', { container: old.name });
}

/** As active: gives a good candidate the name, and removes any other. */
async function consider(
  world: RoleWorld,
  scene: Scene,
  green: Container,
  options: Options,
): Promise<void> {
  const { engine, board, duty, logger } = world;
  if (board.inHand === green.name) return;
  if (board.passed !== green.id) {
    if (green.state === 'created') await engine.start(green.id, options);
    if (!(await isGood(world, green, world.gateSettleSeconds, options))) return;
  }
  logger.info('handing over', { to: green.name });
  await duty.stop();
  board.passed = undefined;
  // Letting work end can take long: what was good then must be good now.
  const now = await engine.checkHealth(green.id, options);
  if (!isUp(now) || now.restartCount > 0) {
    await giveUp(world, green, 'ended while the work in flight was being finished');
    return;
  }
  // From here to the end of the second rename nobody is active; the watcher sees to it that it ends.
  try {
    await engine.rename(scene.self.id, oldName(scene.name));
  } catch (error) {
    // What the engine refuses now it refuses the next second, too.
    if (error instanceof EngineError && !error.retryable) {
      await giveUp(world, green, `cannot be given the name: ${error.message}`);
    }
    throw error;
  }
  await engine.rename(green.id, scene.name);
}

/** As watcher whose hand-over was cut short. */
async function finish(
  world: RoleWorld,
  scene: Scene,
  green: Container,
  options: Options,
): Promise<void> {
  if (green.state === 'created') await world.engine.start(green.id, options);
  if (!(await isGood(world, green, 0, options))) return;
  await world.engine.rename(green.id, scene.name);
}

async function takeBack(
  world: RoleWorld,
  scene: Scene,
  unstable: Container | undefined,
): Promise<void> {
  const { engine, logger } = world;
  if (unstable !== undefined) {
    logger.warn('the successor is not stable: taking the name back', { container: unstable.name });
    await giveUp(world, unstable, 'did not stay up after it had taken over');
  }
  await engine.rename(scene.self.id, scene.name);
}

async function isGood(
  world: RoleWorld,
  green: Container,
  settleSeconds: number,
  options: Options,
): Promise<boolean> {
  const policy = { probe: undefined, settleSeconds, timeoutSeconds: undefined };
  const verdict = await passGate(world, green.id, policy, options);
  if (verdict.verdict === 'good') return true;
  await giveUp(world, green, verdict.reason);
  return false;
}

/** Removes a version that will not do, and keeps what it said for whoever asks. */
async function giveUp(world: RoleWorld, bad: Container, reason: string): Promise<void> {
  const { engine, board, logger } = world;
  const failure: Failure = {
    code: 'SELF_UPDATE_ROLLED_BACK',
    message: `the new version of the orchestrator ${reason}; the one before is active`,
    retryable: false,
    step: 'hand-over',
    logs: await lastLines(engine, bad.id, redactor([])),
  };
  const commandId = labelsOf(bad)?.commandId;
  if (commandId !== undefined) board.fail(commandId, failure);
  logger.warn(failure.message, { container: bad.name });
  await removeCandidate(world, bad.id);
}
