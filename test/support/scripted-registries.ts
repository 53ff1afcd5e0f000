import type { TestContext } from 'node:test';
import { createLogger, type LogRecord } from '../../src/log.ts';
import {
  createRegistries,
  type Registries,
  type RegistriesOptions,
} from '../../src/registry/client.ts';
import type { HostSettings } from '../../src/registry/hosts.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

export interface OpenedRegistries extends Registries {
  readonly clock: FakeClock;
  readonly records: readonly LogRecord[];
}

/**
 * Registries that know nothing of this machine (no environment, no docker configuration), wait for
 * nothing, and speak plain http to the given hosts; closed when the test ends.
 */
export function openRegistries(
  test: TestContext,
  hosts: Readonly<Record<string, HostSettings>>,
  options: Partial<RegistriesOptions> = {},
): OpenedRegistries {
  const clock = new FakeClock();
  const records: LogRecord[] = [];
  const registries = createRegistries({
    hosts: Object.fromEntries(
      Object.entries(hosts).map(([host, settings]) => [host, { plainHttp: true, ...settings }]),
    ),
    env: {},
    credentialSources: {
      env: {},
      homeDirectory: '/nowhere',
      readText: async () => undefined,
      runHelper: async () => undefined,
    },
    clock,
    logger: createLogger((record) => records.push(record)),
    userAgent: 'sdr-mirror/test',
    ...options,
  });
  test.after(() => registries.close());
  return { ...registries, clock, records };
}
