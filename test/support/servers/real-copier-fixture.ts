import type { ImageCopier } from '../../../src/copiers/image-copier.ts';
import { createRegistries, type Registries } from '../../../src/registry/client.ts';
import { isDigest, type Digest } from '../../../src/registry/reference.ts';
import type {
  CopierFixture,
  CopierFixtureOptions,
  TargetWrite,
} from '../../contracts/image-copier.ts';
import { claimedAnswer, writeOf } from '../copier-fixture.ts';
import type { RegistryServer } from './registry-server.ts';
import { startRelay } from './registry-relay.ts';
import { MirroredRepository } from './remote-repository.ts';

export interface RealFixtureOptions extends CopierFixtureOptions {
  readonly source: RegistryServer;
  readonly target: RegistryServer;
  readonly createCopier: (registries: Registries) => ImageCopier;
}

let fixtures = 0;

/**
 * The contract's two registries, as real servers: they are shared by all fixtures, each of which has
 * repositories of its own. A relay before the target tells what it accepts.
 */
export async function startRealCopierFixture({
  source,
  target,
  referrersApi,
  createCopier,
}: RealFixtureOptions): Promise<CopierFixture> {
  fixtures += 1;
  const prefix = `fixture${fixtures}`;
  const writes: TargetWrite[] = [];
  const claims = new Map<string, Digest>();
  const written = new Set<Digest>();
  let beforeWrite: (() => void) | undefined;
  const relay = await startRelay(target.host, {
    before: (request) => {
      if (['PUT', 'POST'].includes(request.method)) beforeWrite?.();
      const isHidden = !referrersApi && request.path.includes('/referrers/');
      return isHidden ? { status: 404 } : claimedAnswer(request, claims);
    },
    after: (request, answer) => {
      if (!referrersApi) delete answer.headers['oci-subject'];
      const write = writeOf(request, answer);
      if (write === undefined || request.method === 'HEAD') return;
      if (isDigest(write.reference)) written.add(write.reference);
      writes.push({ ...write, repository: write.repository.slice(prefix.length + 1) });
    },
  });
  const repositories = {
    source: new Map<string, MirroredRepository>(),
    target: new Map<string, MirroredRepository>(),
  };
  const repositoryOf = (side: 'source' | 'target', name: string): MirroredRepository => {
    const known = repositories[side].get(name);
    if (known !== undefined) return known;
    const server = side === 'source' ? source : target;
    const opened = new MirroredRepository(server, `${prefix}/${name}`);
    repositories[side].set(name, opened);
    return opened;
  };
  const all = (side: 'source' | 'target'): readonly MirroredRepository[] => [
    ...repositories[side].values(),
  ];
  const push = async (): Promise<void> => {
    for (const repository of [...all('source'), ...all('target')]) await repository.push();
  };
  const pull = async (): Promise<void> => {
    const digests = new Set(written);
    for (const { store } of [...all('source'), ...all('target')]) {
      for (const digest of [...store.blobs.keys(), ...store.manifests.keys()]) digests.add(digest);
    }
    for (const repository of all('target')) await repository.pull(digests);
  };
  const opened: Registries[] = [];

  return {
    source: (repository) => repositoryOf('source', repository).store,
    target: (repository) => repositoryOf('target', repository).store,
    from: (repository, digest) => ({
      kind: 'digest',
      registry: source.host,
      repository: `${prefix}/${repository}`,
      digest,
    }),
    to: (repository, tag) => {
      repositoryOf('target', repository);
      return { kind: 'tag', registry: relay.host, repository: `${prefix}/${repository}`, tag };
    },
    newCopier: () => {
      const settings = { plainHttp: true };
      const registries = createRegistries({
        hosts: { [source.host]: settings, [relay.host]: settings },
        env: {},
      });
      opened.push(registries);
      const copier = createCopier(registries);
      return {
        copy: async (from, to, options) => {
          await push();
          try {
            return await copier.copy(from, to, options);
          } finally {
            await pull();
          }
        },
      };
    },
    writes,
    forget: () => {
      writes.length = 0;
    },
    beforeWrite: (hook) => {
      beforeWrite = hook;
    },
    claim: (repository, reference, digest) => {
      claims.set(`/v2/${prefix}/${repository}/manifests/${reference}`, digest);
    },
    [Symbol.asyncDispose]: async () => {
      for (const registries of opened) registries.close();
      await relay.close();
    },
  };
}
