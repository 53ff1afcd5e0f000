import type { CommandOptions, Commands, ContainerStatus } from './commands.ts';
import { createAppCommands } from './lifecycle/app-commands.ts';
import { KeyedMutex } from './lifecycle/keyed-mutex.ts';
import { appStatuses, containerStatus } from './lifecycle/status.ts';
import { labelsOf } from './lifecycle/subject.ts';
import { Attempts } from './reconcile/attempts.ts';
import { reconcile, type ReconcileWorld } from './reconcile/reconcile.ts';
import { selfUpdate, type SelfUpdateWorld } from './self-update/self-update.ts';

export interface CommandsWorld extends SelfUpdateWorld {
  /** Whether reconciling upgrades the orchestrator. */
  readonly autoUpdateSelf: boolean;
}

/** Everything the orchestrator can do, upon an engine, a configuration and a list of releases. */
export function createCommands(world: CommandsWorld): Commands {
  const mutex = new KeyedMutex();
  const apps = createAppCommands(world, mutex);
  const updateSelf: Commands['selfUpdate'] = async (request, options = {}) =>
    // No app has a name with a slash.
    mutex.run('orchestrator/', async () => selfUpdate(world, request, options), options);
  const reconciling: ReconcileWorld = {
    ...world,
    mutex,
    attempts: new Attempts(world.clock),
    own: async (options) => own(world, options),
    upgrade: apps.upgrade,
    selfUpdate: updateSelf,
  };
  return {
    ...apps,
    selfUpdate: updateSelf,
    reconcile: async (request = {}, options = {}) => reconcile(reconciling, request, options),
    status: async ({ app } = {}, options = {}) => {
      const orchestrator = await ownStatus(world, options);
      return {
        deployment: world.deployment,
        ...(orchestrator === undefined ? {} : { orchestrator }),
        apps: await appStatuses(world, app, options),
      };
    },
  };
}

async function own(
  { engine, ownId, autoUpdateSelf }: CommandsWorld,
  options: CommandOptions,
): ReturnType<ReconcileWorld['own']> {
  const self = ownId === undefined ? undefined : await engine.inspect(ownId, options);
  if (self === undefined) return undefined;
  return { labels: labelsOf(self), autoUpdate: autoUpdateSelf };
}

async function ownStatus(
  { engine, ownId }: CommandsWorld,
  options: CommandOptions,
): Promise<ContainerStatus | undefined> {
  const self = ownId === undefined ? undefined : await engine.inspect(ownId, options);
  return self === undefined ? undefined : containerStatus(self);
}
