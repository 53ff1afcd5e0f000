import { ownedBy } from '../app-spec/labels.ts';
import type { AppRequest, AppResult, CommandOptions } from '../commands.ts';
import type { Container } from '../engine/container.ts';
import { placesOf } from '../swap/places.ts';
import { ticking } from '../swap/ticking.ts';
import { cleanImages } from './clean-images.ts';
import { toFailure } from './failure.ts';
import type { AppWorld } from './ports.ts';
import { appSubject, labelsOf, servingIn, versionOf } from './subject.ts';

/**
 * Ends and removes every container of an app, whatever its name.
 *
 * @param request - `wasDone`: this process has seen it succeed before, so what is there came after
 */
export async function uninstall(
  world: AppWorld,
  { app, commandId, wasDone }: AppRequest & { readonly wasDone: boolean },
  options: CommandOptions,
): Promise<AppResult> {
  const warnings: string[] = [];
  const common = { commandId, command: 'uninstall', app, warnings } as const;
  try {
    const labels = ownedBy(world.deployment, { role: 'app', app });
    const containers = await world.engine.list(labels, options);
    if (wasDone) return { ...common, outcome: containers.length === 0 ? 'done' : 'superseded' };
    const serving = labelsOf(
      servingIn(placesOf(appSubject(world.deployment, app).name, containers)),
    );
    await Promise.all(containers.map(async (container) => end(world, app, container, options)));
    await cleanImages(world.engine, world.deployment, containers, (warning) =>
      warnings.push(warning),
    );
    return {
      ...common,
      ...(serving === undefined ? {} : { previous: versionOf(serving) }),
      outcome: containers.length === 0 ? 'unchanged' : 'done',
    };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { ...common, outcome: 'failed', failure: toFailure(error, 'uninstall') };
  }
}

async function end(
  { engine, apps }: AppWorld,
  app: string,
  { id, name }: Container,
  options: CommandOptions,
): Promise<void> {
  await ticking(engine.stop(id, apps.policy(app).stopGraceSeconds, options), () =>
    options.onProgress?.({ step: 'uninstall', message: `waiting for ${name} to end` }),
  );
  await engine.remove(id, options);
}
