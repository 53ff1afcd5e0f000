import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImageCopier } from '../../../src/copiers/image-copier.ts';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { createSkopeoCopier } from '../../../src/copiers/skopeo-copier.ts';
import { createRegistries, type Registries } from '../../../src/registry/client.ts';
import { parsePlatform } from '../../../src/registry/platform.ts';
import { atDigest, parseTagReference } from '../../../src/registry/reference.ts';
import { buildImage, buildIndex } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { startDistribution3, startDockerRegistry } from '../../support/servers/distribution.ts';
import { startOlareg } from '../../support/servers/olareg.ts';
import { digestAccordingTo } from '../../support/servers/peers.ts';
import { pushTo } from '../../support/servers/push.ts';

const LINUX = parsePlatform('linux/amd64');

/** Which servers take an index whose images are not all there. */
const targets = [
  { name: 'docker-registry', start: startDockerRegistry, takesSparse: false },
  { name: 'distribution3', start: startDistribution3, takesSparse: false },
  {
    name: 'distribution3',
    start: async () => startDistribution3({ platforms: [LINUX] }),
    takesSparse: true,
  },
  { name: 'olareg', start: startOlareg, takesSparse: false },
] as const;

const engines: Readonly<
  Record<string, (registries: Registries, rewriteIndex?: boolean) => ImageCopier>
> = {
  registry: ({ source, target }, rewriteIndex = false) =>
    createRegistryCopier({ source, target, signatures: true, platforms: [LINUX], rewriteIndex }),
  skopeo: (registries, rewriteIndex = false) =>
    createSkopeoCopier({
      source: registries.source,
      target: registries.target,
      signatures: true,
      platforms: [LINUX],
      rewriteIndex,
      credentialFor: async (registry) => registries.credentialFor(registry),
      settingsFor: (registry) => registries.settingsFor(registry),
    }),
};

const children = ['linux/amd64', 'linux/arm64'].map((platform) =>
  buildImage({ seed: 'sparse', platform: parsePlatform(platform) }),
);
const image = buildIndex({ children, attestations: true });

for (const { name, start, takesSparse } of targets) {
  for (const [engine, createCopier] of Object.entries(engines)) {
    test(`${engine} ${takesSparse ? 'copies one platform to' : 'says why it copies none to'} ${name}`, async (t) => {
      if (!requireServer(t, 'olareg', name, 'skopeo')) return;
      const [source, target] = await Promise.all([startOlareg(), start()]);
      t.after(source.stop);
      t.after(target.stop);
      const hosts = { [source.host]: { plainHttp: true }, [target.host]: { plainHttp: true } };
      const registries = createRegistries({ hosts, env: {} });
      t.after(() => registries.close());
      await pushTo({ server: source, repository: 'vendor/app' }, image, '1.0');
      const from = {
        kind: 'digest',
        registry: source.host,
        repository: 'vendor/app',
        digest: image.digest,
      } as const;
      const tag = parseTagReference(`${target.host}/mirrored/app:1.0`);
      const copy = createCopier(registries).copy(from, tag);

      if (takesSparse) {
        const { digest, omitted } = await copy;
        assert.equal(digest, image.digest);
        assert.deepEqual(omitted, ['linux/arm64']);
        assert.equal((await registries.target.head(tag))?.digest, image.digest);
      } else {
        await assert.rejects(copy, {
          code: 'REGISTRY_REFUSED',
          side: 'target',
          message: /does not take an index whose linux\/arm64 is missing \(copy\.platforms\)/,
        });
        assert.equal(await registries.target.head(tag), undefined);
      }
      const [amd64, arm64] = await Promise.all(
        children.map(async ({ digest }) => registries.target.head(atDigest(tag, digest))),
      );
      assert.notEqual(amd64, undefined);
      assert.equal(arm64, undefined);
    });
  }
}

for (const { name, start, takesSparse } of targets) {
  if (takesSparse) continue;
  for (const [engine, createCopier] of Object.entries(engines)) {
    test(`${engine} rewrites an index for ${name}, and peers find it whole`, async (t) => {
      if (!requireServer(t, 'olareg', name, 'skopeo', 'crane', 'regctl', 'oras')) return;
      const [source, target] = await Promise.all([startOlareg(), start()]);
      t.after(source.stop);
      t.after(target.stop);
      const hosts = { [source.host]: { plainHttp: true }, [target.host]: { plainHttp: true } };
      const registries = createRegistries({ hosts, env: {} });
      t.after(() => registries.close());
      await pushTo({ server: source, repository: 'vendor/app' }, image, '1.0');
      const tag = parseTagReference(`${target.host}/mirrored/app:1.0`);

      const { digest, rewritten } = await createCopier(registries, true).copy(
        {
          kind: 'digest',
          registry: source.host,
          repository: 'vendor/app',
          digest: image.digest,
        },
        tag,
      );

      assert.deepEqual(rewritten, { from: image.digest, to: digest });
      const there = { host: target.host, repository: 'mirrored/app' };
      for (const [tool, digestOf] of Object.entries(digestAccordingTo)) {
        assert.equal(await digestOf({ ...there, at: '1.0' }), digest, tool);
      }
      const manifest = await registries.target.getManifest(atDigest(tag, digest));
      assert.ok(manifest?.kind === 'index');
      for (const child of manifest.manifests) {
        assert.equal(await digestAccordingTo.crane({ ...there, at: child.digest }), child.digest);
      }
    });
  }
}
