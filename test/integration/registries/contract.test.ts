import { after, before, describe, test } from 'node:test';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { imageCopierContract } from '../../contracts/image-copier.ts';
import { findBinary, requireServer } from '../../support/servers/binaries.ts';
import { startDistribution3, startDockerRegistry } from '../../support/servers/distribution.ts';
import { startOlareg } from '../../support/servers/olareg.ts';
import { startRealCopierFixture } from '../../support/servers/real-copier-fixture.ts';
import type { RegistryServer } from '../../support/servers/registry-server.ts';

const starts = {
  'docker-registry': startDockerRegistry,
  distribution3: startDistribution3,
  olareg: startOlareg,
} as const;

type Name = keyof typeof starts;

/** Each server as a source and as a target, and one to another of its kind. */
const pairs: readonly (readonly [from: Name, to: Name])[] = [
  ['docker-registry', 'docker-registry'],
  ['docker-registry', 'distribution3'],
  ['distribution3', 'olareg'],
  ['olareg', 'docker-registry'],
];

for (const [from, to] of pairs) {
  if ([from, to].some((name) => findBinary(name) === undefined)) {
    test(`the contract of copiers, from ${from} to ${to}`, (t) => {
      requireServer(t, from, to);
    });
    continue;
  }
  describe(`the contract of copiers, from ${from} to ${to}`, () => {
    const servers: RegistryServer[] = [];
    before(async () => {
      servers.push(...(await Promise.all([starts[from](), starts[to]()])));
    });
    after(async () => {
      await Promise.all(servers.map(async ({ stop }) => stop()));
    });
    imageCopierContract(
      `${from} → ${to}`,
      async (options) => {
        const [source, target] = servers;
        if (source === undefined || target === undefined) throw new Error('nothing was started');
        return startRealCopierFixture({
          ...options,
          source,
          target,
          createCopier: (registries) =>
            createRegistryCopier({ ...registries, signatures: true, lookAgainAfter: [0] }),
        });
      },
      { sharesBlobs: true, stopEvery: 7, holdsCorrupt: false, sourceLists: from === 'olareg' },
    );
  });
}
