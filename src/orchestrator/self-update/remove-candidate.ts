import type { ContainerId } from '../engine/container.ts';
import { cleanImages } from '../lifecycle/clean-images.ts';
import type { OwnWorld } from './own-world.ts';

/** It has only watched, so there is nothing in flight. */
export const WATCHER_GRACE_SECONDS = 10;

/** Removes an orchestrator that will not do, and the images only it needed. */
export async function removeCandidate(
  { engine, deployment, logger }: OwnWorld,
  id: ContainerId,
): Promise<void> {
  const container = await engine.inspect(id);
  if (container === undefined) return;
  await engine.stop(id, WATCHER_GRACE_SECONDS);
  await engine.remove(id);
  await cleanImages(engine, deployment, [container], (warning) => {
    logger.warn(warning);
  });
}
