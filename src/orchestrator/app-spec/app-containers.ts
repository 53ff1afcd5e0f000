import { join } from 'node:path';
import { silentLogger, type Logger } from '../../log.ts';
import { errorMessage } from '../../errors.ts';
import type { Options } from '../../options.ts';
import type { Environment } from '../../settings/interpolate.ts';
import { appConfigFor } from '../config/app-config.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import type { Mount } from '../engine/container-spec.ts';
import type { AppContainers } from '../lifecycle/ports.ts';
import { appContainer, policyOf, type AppSections, type Machine } from './app-container.ts';
import { componentFiles } from './component-files.ts';
import { pruneComponents, writeComponents } from './component-folder.ts';
import { hostPath } from './host-path.ts';
import { ownedBy } from './labels.ts';
import { COMPONENTS_TARGET } from './names.ts';

export interface AppContainersOptions {
  readonly config: AppSections;
  readonly engine: Pick<ContainerEngine, 'info' | 'list'>;
  /** The mounts of our own container; `undefined` where we run in none. */
  readonly ownMounts: (options: Options) => Promise<readonly Mount[] | undefined>;
  /** The group of this process. */
  readonly group: number;
  /** The environment, completed by `.env`. */
  readonly env: Environment;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly logger?: Logger;
}

/** Younger folders may be about to be mounted. */
const UNUSED_MS = 24 * 60 * 60 * 1000;

/** Makes the containers of apps from the configuration, and the files they are given. */
export function createAppContainers(options: AppContainersOptions): AppContainers {
  const { config, engine, group, env } = options;
  const { dataFolder, dataFolderOnHost } = config.orchestrator;
  const parent = join(dataFolder, 'components');
  return {
    policy: (app) => policyOf(appConfigFor(config.apps, app)),
    autoUpdate: (app) => appConfigFor(config.apps, app).autoUpdate,
    make: async (wanted, waiting = {}) => {
      const files = componentFiles(config.components, config.atlan);
      const { name } = await writeComponents(parent, files);
      const mounts = await options.ownMounts(waiting);
      const onHost = dataFolderOnHost ?? hostPath(dataFolder, mounts);
      const machine: Machine = {
        engine: await engine.info(waiting),
        isContained: mounts !== undefined,
        componentFolder: join(onHost, 'components', name),
        group,
        env,
      };
      await tidy(parent, name, options, waiting);
      return appContainer(config, machine, wanted);
    },
  };
}

/** Old files cost nothing but order: what fails is no reason not to make a container. */
async function tidy(
  parent: string,
  current: string,
  { config, engine, now, logger = silentLogger }: AppContainersOptions,
  options: Options,
): Promise<void> {
  try {
    const containers = await engine.list(ownedBy(config.atlan.deployment), options);
    const used = new Set([current, ...containers.flatMap(({ mounts }) => componentNames(mounts))]);
    await pruneComponents(parent, {
      isUsed: (name) => used.has(name),
      unusedMs: UNUSED_MS,
      now: now(),
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    logger.warn(`old component files were left where they are: ${errorMessage(error)}`);
  }
}

function componentNames(mounts: readonly Mount[]): readonly string[] {
  return mounts.flatMap((mount) =>
    mount.kind === 'bind' && mount.target === COMPONENTS_TARGET
      ? [mount.source.replace(/^.*\//s, '')]
      : [],
  );
}
