import type { ContainerEngine } from '../../orchestrator/engine/container-engine.ts';
import type { Probe } from '../../orchestrator/gate/probe.ts';
import type { TemporalSdk } from '../../orchestrator/temporal/sdk.ts';
import type { Logger } from '../../log.ts';
import type { Clock } from '../../registry/http/clock.ts';

/** What of the machine the orchestrator works with. Tests put others in their place. */
export interface OrchestratorParts {
  readonly openEngine: (socketPath: string, logger: Logger) => Promise<ContainerEngine>;
  readonly probe: Probe;
  readonly clock: Clock;
  /** The id of the container this process runs in; `undefined` outside of one. */
  readonly ownId: () => Promise<string | undefined>;
  readonly loadTemporal: () => Promise<TemporalSdk>;
}

/** The machine itself. Nothing of it is loaded before it is needed. */
export const REAL_PARTS: () => Promise<OrchestratorParts> = async () => {
  const [{ httpProbe }, { systemClock }] = await Promise.all([
    import('../../orchestrator/gate/probe.ts'),
    import('../../registry/http/clock.ts'),
  ]);
  return {
    openEngine: async (socketPath, logger) => {
      const { createSocketEngine } = await import('../../orchestrator/engine/socket-engine.ts');
      return createSocketEngine({ socketPath, logger });
    },
    probe: httpProbe,
    clock: systemClock,
    ownId: readOwnId,
    loadTemporal: async () => {
      const { loadTemporalSdk } = await import('../../orchestrator/temporal/sdk.ts');
      return loadTemporalSdk();
    },
  };
};

async function readOwnId(): Promise<string | undefined> {
  const [{ readFile }, { ownContainerId }] = await Promise.all([
    import('node:fs/promises'),
    import('../../orchestrator/self-update/own-container.ts'),
  ]);
  // Only Linux has containers, and only there is such a file.
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return ownContainerId(mounts);
}
