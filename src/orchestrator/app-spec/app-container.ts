import type { Environment } from '../../settings/interpolate.ts';
import { appConfigFor } from '../config/app-config.ts';
import type { AppConfig, OrchestratorConfig } from '../config/config.ts';
import type { EngineInfo } from '../engine/container.ts';
import type { ContainerSpec, Mount } from '../engine/container-spec.ts';
import type { AppContainer, AppPolicy, WantedApp } from '../lifecycle/ports.ts';
import { appEnvironment } from './environment.ts';
import { formatLabels } from './labels.ts';
import { COMPONENTS_TARGET, containerName, networkAliases } from './names.ts';
import { specHash } from './spec-hash.ts';

/** The sections of the configuration that apps are made of. */
export type AppSections = Pick<
  OrchestratorConfig,
  'atlan' | 'temporal' | 'components' | 'apps' | 'orchestrator'
>;

/** What this machine adds to the configuration. */
export interface Machine {
  readonly engine: Pick<EngineInfo, 'kind' | 'rootless'>;
  /** Whether the orchestrator runs in a container of that engine. */
  readonly isContained: boolean;
  /** The folder of the component files, as the host calls it. */
  readonly componentFolder: string;
  /** The group that may read them: the orchestrator's. */
  readonly group: number;
  /** The orchestrator's environment, completed by `.env`. */
  readonly env: Environment;
}

/** The container of an app, ready to be created: pure, so the same wish gives the same container. */
export function appContainer(
  config: AppSections,
  machine: Machine,
  wanted: WantedApp,
): AppContainer {
  const { deployment } = config.atlan;
  const { app, image } = wanted;
  const own = appConfigFor(config.apps, app);
  const unlabelled: ContainerSpec = {
    name: containerName(deployment, app),
    image,
    environment: { ...appEnvironment(app, config, machine.env), ...own.environment },
    labels: {},
    groups: [groupInContainer(machine)],
    mounts: mountsOf(own, machine),
    readOnlyRoot: own.readOnlyRoot,
    capabilities: { add: [], drop: ['ALL'] },
    securityOptions: ['no-new-privileges'],
    resources: own.resources,
    restart: 'unless-stopped',
    stopTimeoutSeconds: own.stopGraceSeconds,
    network: [{ name: config.orchestrator.network, aliases: networkAliases(deployment, app) }],
    ports: own.ports,
    extraHosts: own.extraHosts,
    ...(own.dns.length > 0 && { dns: own.dns }),
    logLimits: own.logLimits,
  };
  const hash = specHash(unlabelled);
  const labels = formatLabels({ ...wanted, deployment, role: 'app', specHash: hash });
  return { ...policyOf(own), spec: { ...unlabelled, labels }, specHash: hash };
}

/** How the containers of an app end and are judged. */
export function policyOf({ swap, gate, stopGraceSeconds }: AppConfig): AppPolicy {
  return { swap, gate, stopGraceSeconds };
}

/**
 * What the group of the files is called in an app's container. Without root, the group of the user
 * who runs the engine is root's inside: that of a process on the host, and that of a container
 * which keeps this user's id, as it must to reach Podman. Containers of one Docker agree on ids.
 */
function groupInContainer({ engine, group, isContained }: Machine): string {
  const isUsers = engine.rootless && (engine.kind === 'podman' || !isContained);
  return isUsers ? '0' : String(group);
}

function mountsOf(
  { mounts, readOnlyRoot }: AppConfig,
  { componentFolder }: Machine,
): readonly Mount[] {
  const components: Mount = {
    kind: 'bind',
    source: componentFolder,
    target: COMPONENTS_TARGET,
    readOnly: true,
    relabel: 'z',
  };
  const writable = ['/tmp', '/app/local'].filter(
    (target) => readOnlyRoot && !mounts.some((mount) => mount.target === target),
  );
  return [
    components,
    ...writable.map((target): Mount => ({ kind: 'tmpfs', target, mode: '1777' })),
    ...mounts,
  ];
}
