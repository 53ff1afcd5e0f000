import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe } from 'node:test';
import { whyMissing } from '../../support/servers/binaries.ts';
import { containerEngineContract, type Behaviour } from '../../contracts/container-engine.ts';
import type { ContainerEngine } from '../../../src/orchestrator/engine/container-engine.ts';
import { createSocketEngine } from '../../../src/orchestrator/engine/socket-engine.ts';
import {
  startDockerRegistry,
  type DistributionServer,
} from '../../support/servers/distribution.ts';
import { allStarted, Endings } from '../../support/servers/endings.ts';
import { publishRunnable, type RunnableOptions } from '../../support/servers/engine-images.ts';
import { ROOTLESS_USER } from '../../support/servers/podman.ts';
import { cannotRunEngines, type EngineServer } from '../../support/servers/engine-server.ts';

const HALF_A_SECOND = 500_000_000;
const lives = 'trap "exit 0" TERM; echo out; echo err >&2; while true; do sleep 0.1; done';
const checkedBy = (test: string): NonNullable<RunnableOptions['healthCheck']> => ({
  Test: ['CMD', test],
  Interval: HALF_A_SECOND,
  Retries: 2,
});

const behaviours: Readonly<Record<Behaviour, RunnableOptions>> = {
  good: { script: lives, healthCheck: checkedBy('true'), environment: ['GIVEN=by the image'] },
  bare: { script: lives },
  unhealthy: { script: lives, healthCheck: checkedBy('false') },
  crashLooping: { script: 'sleep 0.3; exit 3' },
  endsAtOnce: { script: 'sleep 0.1; exit 5' },
  stubborn: { script: 'trap "" TERM; echo out; while true; do sleep 0.1; done' },
};

/**
 * Holds a real engine to the contract, if it can be started here.
 *
 * @param program - what has to be installed
 */
export function realEngineContract(
  name: string,
  program: string,
  start: () => Promise<EngineServer>,
  { isRootless = false }: { readonly isRootless?: boolean } = {},
): void {
  const skip = whyNot(program) ?? (isRootless ? noRootlessUser() : undefined);
  describe(`a real ${name}`, { skip: skip ?? false }, () => {
    let registry: DistributionServer;
    let engine: ContainerEngine;
    const endings = new Endings();
    before(async () => {
      const [images, server] = await allStarted(startDockerRegistry(), start());
      registry = images;
      endings.add(images.stop);
      endings.add(server.stop);
      engine = createSocketEngine({ socketPath: server.socketPath });
    });
    after(async () => endings.run());

    containerEngineContract(name, () => ({
      engine,
      isRootless,
      publish: async (behaviour) =>
        publishRunnable(registry, `contract/${behaviour.toLowerCase()}`, behaviours[behaviour]),
      pause: async () => delay(50),
      now: () => Date.now(),
      limitsResources: !isRootless,
      folder: '/etc',
    }));
  });
}

/** Why a real engine cannot be had here. @throws Error in CI, if it is not installed */
export function whyNot(program: string): string | undefined {
  const missing = whyMissing(program, 'busybox', 'docker-registry');
  return cannotRunEngines() ?? missing;
}

/** Why Podman cannot run without root here. @throws Error in CI, if its user is missing */
export function noRootlessUser(): string | undefined {
  if (new RegExp(`^${ROOTLESS_USER}:`, 'm').test(readFileSync('/etc/passwd', 'utf8'))) {
    return undefined;
  }
  const reason = `there is no user ${ROOTLESS_USER}: run scripts/install-servers.sh`;
  if (process.env['SDR_MIRROR_INTEGRATION'] === '1') throw new Error(reason);
  return reason;
}
