import type { ContainerEngine } from '../../src/orchestrator/engine/container-engine.ts';
import { describe } from 'node:test';
import type { DigestReference } from '../../src/registry/reference.ts';
import { testEventsAndLogs } from './container-engine/events-and-logs.ts';
import { testHealth } from './container-engine/health.ts';
import { testImages } from './container-engine/images.ts';
import { testLifecycle } from './container-engine/lifecycle.ts';
import { testNames } from './container-engine/names.ts';
import { testNetworks } from './container-engine/networks.ts';
import { testSettings } from './container-engine/settings.ts';

/**
 * What an image does. `good` prints "out" and, to the other stream, "err", is healthy within
 * seconds, and ends when asked; `bare` does so without a health check.
 */
export type Behaviour = 'good' | 'bare' | 'unhealthy' | 'crashLooping' | 'endsAtOnce' | 'stubborn';

/** An engine, the registry it pulls from, and time. */
export interface EngineUnderTest {
  readonly engine: ContainerEngine;
  /** Puts an image into the registry: always the same for the same behaviour. */
  readonly publish: (behaviour: Behaviour) => Promise<DigestReference> | DigestReference;
  /** Lets time pass, as long as it takes or a bit of it, for the engine to do something. */
  readonly pause: () => Promise<void>;
  readonly now: () => number;
  /** Whether it runs without root. */
  readonly isRootless: boolean;
  /** Whether it can bound memory and CPUs; rootless engines may not be given the cgroups for it. */
  readonly limitsResources: boolean;
  /** An existing folder of the engine's machine. */
  readonly folder: string;
}

/**
 * What every container engine promises.
 *
 * @param world - the engine of all tests; each uses names of its own and cleans up
 */
export function containerEngineContract(name: string, world: () => EngineUnderTest): void {
  describe(`${name} keeps the contract of a container engine`, () => {
    testImages(world);
    testNames(world);
    testLifecycle(world);
    testHealth(world);
    testNetworks(world);
    testEventsAndLogs(world);
    testSettings(world);
  });
}
