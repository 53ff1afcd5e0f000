import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileReleaseSource } from '../../../src/releases/file.ts';
import { createMarketplaceSource } from '../../../src/releases/marketplace.ts';
import type { Release } from '../../../src/releases/release-source.ts';
import { selectReleases } from '../../../src/releases/select.ts';
import { Secret } from '../../../src/secret.ts';
import { releaseSourceContract } from '../../contracts/release-source.ts';
import { FakeReleaseSource } from '../../fakes/release-source.ts';
import { startMarketplace, type AnnouncedRelease } from '../../support/marketplace.ts';

releaseSourceContract('fake', async () => {
  const source = new FakeReleaseSource();
  return {
    source,
    announce: async (releases, unusable = 0) => {
      source.announce(releases, Array<string>(unusable).fill('entry 1: it names no image'));
    },
    break: async () => {
      source.fail();
    },
    close: async () => undefined,
  };
});

releaseSourceContract('file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'releases-'));
  const path = join(folder, 'releases.json');
  return {
    source: createFileReleaseSource(path),
    announce: (releases, unusable) =>
      writeFile(path, JSON.stringify({ releases: toEntries(releases, unusable) })),
    break: () => rm(path, { force: true }),
    close: () => rm(folder, { recursive: true }),
  };
});

releaseSourceContract('marketplace', async () => {
  const marketplace = await startMarketplace({ token: 'right' });
  return {
    source: createMarketplaceSource({
      url: marketplace.url,
      token: new Secret('right'),
      env: {},
      limits: { retries: 0 },
    }),
    announce: async (releases, unusable) => marketplace.announce(toEntries(releases, unusable)),
    break: () => marketplace.close(),
    close: () => marketplace.close(),
  };
});

releaseSourceContract('selection of everything', async () => {
  const source = new FakeReleaseSource();
  return {
    source: selectReleases(source, { include: ['*'], exclude: [], extra: [] }),
    announce: async (releases, unusable = 0) => {
      source.announce(releases, Array<string>(unusable).fill('entry 1: it names no image'));
    },
    break: async () => {
      source.fail();
    },
    close: async () => undefined,
  };
});

function toEntries(releases: readonly Release[], unusable: number = 0): AnnouncedRelease[] {
  return [
    ...Array.from({ length: unusable }, (_, index) => ({ app_name: `imageless-${index}` })),
    ...releases.map((release) => ({
      image: release.image,
      app_name: release.appName,
      app_id: release.appId,
      version: release.version,
      version_id: release.versionId,
    })),
  ];
}
