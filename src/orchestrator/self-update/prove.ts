import type { CommandOptions } from '../commands.ts';
import type { ContainerId } from '../engine/container.ts';
import { passGate } from '../gate/gate.ts';
import { lastLines } from '../gate/last-lines.ts';
import { redactor } from '../gate/redact.ts';
import { greenName } from '../swap/places.ts';
import { UnhealthyError } from '../swap/unhealthy-error.ts';
import { removeCandidate } from './remove-candidate.ts';
import type { Scene } from './role.ts';
import type { OwnWorld } from './own-world.ts';

/** Starts a candidate and watches it through its gate. One that fails is removed. @throws UnhealthyError */
export async function prove(
  world: OwnWorld,
  { name }: Pick<Scene, 'name'>,
  green: ContainerId,
  options: CommandOptions,
): Promise<void> {
  const { engine, board, gateSettleSeconds } = world;
  board.inHand = greenName(name);
  try {
    options.onProgress?.({ step: 'start', message: `starting ${greenName(name)}` });
    await engine.start(green, options);
    const policy = {
      probe: undefined,
      settleSeconds: gateSettleSeconds,
      timeoutSeconds: undefined,
    };
    const verdict = await passGate(world, green, policy, {
      ...options,
      onLook: (seen) => options.onProgress?.({ step: 'gate', message: seen }),
    });
    if (verdict.verdict === 'bad') {
      throw new UnhealthyError(
        `the new version of the orchestrator ${verdict.reason}; the one before stays active`,
        await lastLines(engine, green, redactor([]), options),
      );
    }
    board.passed = green;
  } catch (error) {
    await removeCandidate(world, green);
    throw error;
  } finally {
    board.inHand = undefined;
  }
}
