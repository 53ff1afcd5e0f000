import type { Options } from '../options.ts';
import type { Credential } from './credentials.ts';
import { DistributionRegistry } from './distribution-registry.ts';
import type { HostSettings } from './hosts.ts';
import { abandonable } from '../abandonable.ts';
import type { ClockOffset } from './http/server-clocks.ts';
import { checkPush } from './push-check.ts';
import type { Repository } from './reference.ts';
import type { Registry } from './registry.ts';
import { SharedRegistries, type RegistriesOptions } from './shared-registries.ts';

export type { RegistriesOptions } from './shared-registries.ts';

/**
 * All registries of a run. Both sides share connections, limits, tokens and the manifests already
 * read; they differ in the side that their errors name.
 */
export interface Registries {
  readonly source: Registry;
  readonly target: Registry;
  /** The credential a registry is asked with, for whoever talks to it by other means. */
  credentialFor(registry: string, options?: Options): Promise<Credential>;
  /** What the operator says about a registry; empty if nothing. */
  settingsFor(registry: string): HostSettings;
  /**
   * Creates a repository where its registry wants it to be there first and the operator wants it
   * created, for whoever writes there by other means.
   */
  ensureRepository(repository: Repository, options?: Options): Promise<void>;
  /**
   * Proves the right to push into a repository, and leaves nothing behind.
   *
   * @throws RegistryError why one may not
   */
  checkPush(repository: Repository, options?: Options): Promise<void>;
  /** How far this machine's clock is from those of the registries that have answered so far. */
  clockOffsets(): readonly ClockOffset[];
  /** Closes every connection; to be called once nothing is under way. */
  close(): void;
}

/** Opens the registries of a run; nothing is sent before something is asked. */
export function createRegistries(options: RegistriesOptions): Registries {
  const shared = new SharedRegistries(options);
  return {
    source: new DistributionRegistry('source', shared),
    target: new DistributionRegistry('target', shared),
    credentialFor: async (registry, { signal } = {}) =>
      abandonable(shared.client(registry).credential(), signal),
    settingsFor: (registry) => shared.hosts.ofRegistry(registry),
    ensureRepository: async ({ registry, repository }, own = {}) =>
      shared.client(registry).ensureRepository(repository, own),
    checkPush: async (repository, own = {}) =>
      checkPush(repository, {
        client: shared.client(repository.registry),
        side: 'target',
        hosts: shared.hosts,
        ...own,
      }),
    clockOffsets: () => shared.clocks.offsets(),
    close: () => shared.close(),
  };
}
