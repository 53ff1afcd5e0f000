import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { imageCopierContract, type TargetWrite } from '../../contracts/image-copier.ts';
import { MemoryRegistry, type RegistryCall } from '../../fakes/memory-registry.ts';

const SOURCE = 'source.example';
const TARGET = 'target.example';

imageCopierContract(
  'registry, in memory',
  async ({ referrersApi }) => {
    const writes: TargetWrite[] = [];
    let beforeWrite: (() => void) | undefined;
    const source = new MemoryRegistry({ side: 'source' });
    const target = new MemoryRegistry({
      side: 'target',
      referrersApi,
      before: ({ method }) => {
        if (method === 'putBlob' || method === 'putManifest') beforeWrite?.();
      },
      after: (call, outcome) => {
        const write = writeOf(call, outcome);
        if (write !== undefined) writes.push(write);
      },
    });
    return {
      source: (repository) => source.repository(`${SOURCE}/${repository}`),
      target: (repository) => target.repository(`${TARGET}/${repository}`),
      from: (repository, digest) => ({ kind: 'digest', registry: SOURCE, repository, digest }),
      to: (repository, tag) => ({ kind: 'tag', registry: TARGET, repository, tag }),
      newCopier: () =>
        createRegistryCopier({ source, target, signatures: true, lookAgainAfter: [0] }),
      writes,
      forget: () => {
        writes.length = 0;
      },
      beforeWrite: (hook) => {
        beforeWrite = hook;
      },
      claim: (repository, reference, digest) => {
        const name = `${TARGET}/${repository}${reference.startsWith('sha256:') ? '@' : ':'}${reference}`;
        target.claims.set(name, { digest, mediaType: 'application/json', size: undefined });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
  { sharesBlobs: true, stopEvery: 1 },
);

function writeOf(call: RegistryCall, outcome: unknown): TargetWrite | undefined {
  if (call.method !== 'putBlob' && call.method !== 'putManifest') return undefined;
  const [, repository = '', reference = ''] = /^[^/]+\/([^@:]+)[@:](.+)$/.exec(call.target) ?? [];
  return {
    kind: call.method === 'putBlob' ? 'blob' : 'manifest',
    repository,
    reference,
    how: outcome === 'mounted' ? 'mounted' : 'sent',
  };
}
