import type { Options } from '../../options.ts';
import { ownedBy } from '../app-spec/labels.ts';
import type { AppStatus, ContainerStatus } from '../commands.ts';
import type { Container } from '../engine/container.ts';
import { placesOf } from '../swap/places.ts';
import type { AppWorld } from './ports.ts';
import { appSubject, labelsOf, versionOf } from './subject.ts';

/** The apps that have containers, by name. */
export async function appStatuses(
  world: Pick<AppWorld, 'engine' | 'deployment'>,
  app: string | undefined,
  options: Options,
): Promise<readonly AppStatus[]> {
  const { engine, deployment } = world;
  const filter = ownedBy(deployment, { role: 'app', ...(app === undefined ? {} : { app }) });
  const byApp = Map.groupBy(await engine.list(filter, options), (container) => appOf(container));
  return [...byApp]
    .map(([name, containers]) => appStatus(deployment, name, containers))
    .toSorted((a, b) => a.app.localeCompare(b.app));
}

/** The names of the apps that have containers. */
export async function installedApps(
  { engine, deployment }: Pick<AppWorld, 'engine' | 'deployment'>,
  options: Options,
): Promise<readonly string[]> {
  const containers = await engine.list(ownedBy(deployment, { role: 'app' }), options);
  return [...new Set(containers.map(appOf))].toSorted();
}

/** One container in the words of results; `undefined` if it is not one of ours. */
export function containerStatus(container: Container): ContainerStatus | undefined {
  const labels = labelsOf(container);
  if (labels === undefined) return undefined;
  const { id, name, state, health, startedAt, restartCount } = container;
  return {
    ...versionOf(labels),
    name,
    containerId: id,
    // What is being removed is as good as gone.
    state: state === 'removing' ? 'dead' : state,
    health,
    ...(startedAt === undefined ? {} : { startedAt: new Date(startedAt).toISOString() }),
    restartCount,
    commandId: labels.commandId,
  };
}

function appStatus(deployment: string, app: string, containers: readonly Container[]): AppStatus {
  const { current } = placesOf(appSubject(deployment, app).name, containers);
  const status = current === undefined ? undefined : containerStatus(current);
  const previous = labelsOf(current)?.previous;
  return {
    app,
    ...(status === undefined ? {} : { current: status }),
    ...(previous === undefined ? {} : { previous: versionOf(previous) }),
    others: containers
      .filter(({ id }) => id !== current?.id)
      .flatMap((container) => containerStatus(container) ?? []),
  };
}

function appOf(container: Container): string {
  return labelsOf(container)?.app ?? '';
}
