import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { createRegistries } from '../../../src/registry/client.ts';
import { parseTagReference } from '../../../src/registry/reference.ts';
import { buildArtifact, buildMultiArch, tagOf, type TestImage } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { startDistribution3, startDockerRegistry } from '../../support/servers/distribution.ts';
import { startOlareg } from '../../support/servers/olareg.ts';
import { digestAccordingTo, referrersAccordingTo } from '../../support/servers/peers.ts';
import { pushTo } from '../../support/servers/push.ts';

const registries = [
  { name: 'docker-registry', start: startDockerRegistry },
  { name: 'distribution3', start: startDistribution3 },
  { name: 'olareg', start: startOlareg },
] as const;

const pairs = registries.flatMap((from) => registries.map((to) => ({ from, to })));

/** An image with something attached to its index and to one of its children, in every way. */
function buildAttached(format: 'oci' | 'docker'): {
  readonly image: TestImage;
  readonly child: TestImage['descriptor'];
  readonly referrers: readonly TestImage[];
  readonly classic: TestImage;
} {
  const image = buildMultiArch(`copied-${format}`, { format });
  const [first] = image.manifests;
  assert.ok(first);
  const child = { mediaType: first.mediaType, digest: first.digest, size: first.bytes.byteLength };
  const attach = (text: string, subject?: TestImage['descriptor']): TestImage =>
    buildArtifact({
      artifactType: 'application/vnd.example.note',
      layers: [{ mediaType: 'text/plain', bytes: Buffer.from(`${text} of ${format}`) }],
      ...(subject === undefined ? {} : { subject }),
    });
  return {
    image,
    child,
    referrers: [
      attach('one', image.descriptor),
      attach('two', image.descriptor),
      attach('three', child),
    ],
    classic: attach('classic'),
  };
}

for (const { from, to } of pairs) {
  test(`from ${from.name} to ${to.name}, peers see the same on both sides`, async (t) => {
    if (!requireServer(t, from.name, to.name, 'skopeo', 'crane', 'regctl', 'oras')) return;
    const [source, target] = await Promise.all([from.start(), to.start()]);
    t.after(source.stop);
    t.after(target.stop);
    const hosts = { [source.host]: { plainHttp: true }, [target.host]: { plainHttp: true } };
    const both = createRegistries({ hosts, env: {} });
    t.after(() => both.close());
    const copier = createRegistryCopier({ ...both, signatures: true });

    for (const format of ['oci', 'docker'] as const) {
      const { image, child, referrers, classic } = buildAttached(format);
      const remote = { server: source, repository: `vendor/${format}` };
      await pushTo(remote, image, '1.0');
      for (const referrer of referrers) await pushTo(remote, referrer);
      await pushTo(remote, classic, tagOf(image.digest, '.sig'));
      const tag = parseTagReference(`${target.host}/mirrored/${format}:1.0-approved`);

      const result = await copier.copy(
        {
          kind: 'digest',
          registry: source.host,
          repository: remote.repository,
          digest: image.digest,
        },
        tag,
      );

      assert.equal(result.digest, image.digest);
      const here = { host: source.host, repository: remote.repository };
      const there = { host: target.host, repository: `mirrored/${format}` };
      for (const [tool, digest] of Object.entries(digestAccordingTo)) {
        assert.equal(await digest({ ...there, at: tag.tag }), image.digest, tool);
      }
      for (const { digest } of image.manifests) {
        assert.equal(await digestAccordingTo.skopeo({ ...there, at: digest }), digest);
      }
      for (const [tool, referrersOf] of Object.entries(referrersAccordingTo)) {
        for (const at of [image.digest, child.digest]) {
          const expected = await referrersOf({ ...here, at });
          assert.equal(expected.length, at === image.digest ? 2 : 1);
          assert.deepEqual(await referrersOf({ ...there, at }), expected, tool);
        }
      }
      const signature = { ...there, at: tagOf(image.digest, '.sig') };
      assert.equal(await digestAccordingTo.crane(signature), classic.digest);
    }
  });
}
