import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { silentLogger } from '../../../src/log.ts';
import { targetNaming } from '../../../src/mirror/naming.ts';
import { run } from '../../../src/mirror/run.ts';
import type { VerifyMode } from '../../../src/mirror/verify.ts';
import { createRegistries } from '../../../src/registry/client.ts';
import { discoverOnce } from '../../../src/signatures/discover-once.ts';
import { VENDOR_POLICY } from '../../../src/signatures/policy.ts';
import { createSignatureVerifier } from '../../../src/signatures/verifier.ts';
import { MemoryMapStore } from '../../fakes/memory-map-store.ts';
import { FakeReleaseSource } from '../../fakes/release-source.ts';
import { buildImage, buildMultiArch, push, type TestImage } from '../../support/images.ts';
import { startRegistry } from '../../support/registry/server.ts';
import { Rounds } from '../../support/rounds.ts';
import { signImage } from '../../support/sigstore/attach.ts';
import { createPrivateSigstore, trustRootOf } from '../../support/sigstore/private-sigstore.ts';

const sigstore = await createPrivateSigstore();

interface Case {
  readonly image: TestImage;
  readonly mode: VerifyMode;
  /** How it is signed. */
  readonly format?: 'classic' | 'bundle';
}

/** Mirrors one image between registries as Distribution 2 is: no referrers API, no single POST. */
async function roundsOf(
  t: TestContext,
  { image, mode, format }: Case,
): Promise<readonly (readonly string[])[]> {
  const [source, target] = await Promise.all([
    startRegistry({ referrersApi: format === 'bundle' }),
    startRegistry({ referrersApi: false, singlePost: false }),
  ]);
  t.after(async () => Promise.all([source.close(), target.close()]));
  const repository = source.store.repository('vendor/app');
  push(repository, image, '1.0');
  if (format !== undefined) await signImage(sigstore, repository, image, { format });
  const registries = createRegistries({
    hosts: { [source.host]: { plainHttp: true }, [target.host]: { plainHttp: true } },
    env: {},
  });
  t.after(() => registries.close());
  const discover = discoverOnce();
  const releases = new FakeReleaseSource();
  releases.announce([{ image: `${source.host}/vendor/app:1.0` }]);
  const { rounds } = new Rounds({ source, target });

  const { report } = await run(
    {
      releases,
      store: new MemoryMapStore(),
      source: registries.source,
      target: registries.target,
      verifier: createSignatureVerifier({
        registry: registries.source,
        discover,
        policyFor: () => VENDOR_POLICY,
        trustRoot: trustRootOf(sigstore.trustedRoot),
      }),
      copier: createRegistryCopier({
        ...registries,
        signatures: mode !== 'off',
        discover,
        // However slow the machine is.
        lookHoldsMs: 3_600_000,
      }),
      logger: silentLogger,
      now: () => Date.now(),
    },
    {
      sourceRegistry: source.host,
      isAllowedSource: () => true,
      naming: targetNaming({ image: `${target.host}/mirrored/{name}:{tag}`, overrides: [] }),
      existingTarget: 'refuse',
      existingEntry: 'keep',
      entries: 'tag',
      until: 'publish',
      verify: { mode, graceSeconds: 0 },
      concurrency: 4,
      publishIntervalMs: 60_000,
    },
  );

  assert.equal(report.totals.mirrored, 1, JSON.stringify(report.images));
  return rounds.map((round) => [...new Set(round.map(inShort))].toSorted());
}

/** `source GET manifests`. */
function inShort(request: string): string {
  const [side, method, path = ''] = request.split(' ');
  return `${side} ${method} ${/\/(manifests|blobs\/uploads|blobs|referrers)\//.exec(path)?.[1]}`;
}

// An image that the map does not know yet is read at once: its manifest tells its digest.
const LOOK = ['source GET manifests', 'target HEAD manifests'];
// The first blob of a run finds out whether its registry takes it in one POST; later ones open their
// sessions while the content comes.
const BLOBS = [['source GET blobs'], ['target POST blobs/uploads'], ['target PUT blobs/uploads']];
const BLOBS_AND_PAYLOAD = [
  ['source GET blobs', 'target POST blobs/uploads'],
  ['target POST blobs/uploads', 'target PUT blobs/uploads'],
  ['target PUT blobs/uploads'],
];
/** Its tag, and the look at it before the map names it. */
const TAG = [['target PUT manifests'], ['target HEAD manifests']];

describe('what a cold image waits for, one after the other', () => {
  test('an image that nobody signed', async (t) => {
    assert.deepEqual(await roundsOf(t, { image: buildImage({ seed: 'plain' }), mode: 'off' }), [
      LOOK,
      ...BLOBS,
      ...TAG,
    ]);
  });

  test('a signed image: read while it is verified, its signature on its way with its layers', async (t) => {
    const image = buildImage({ seed: 'classic' });
    assert.deepEqual(await roundsOf(t, { image, mode: 'enforce', format: 'classic' }), [
      LOOK,
      ['source GET manifests', 'source GET referrers'],
      ['source GET blobs'],
      ...BLOBS_AND_PAYLOAD,
      ['target HEAD manifests', 'target PUT manifests'],
      ['target PUT manifests'],
      ...TAG,
    ]);
  });

  test('a signed index, with a list of referrers to keep at the target', async (t) => {
    const image = buildMultiArch('bundle');
    assert.deepEqual(await roundsOf(t, { image, mode: 'enforce', format: 'bundle' }), [
      LOOK,
      ['source GET manifests', 'source GET referrers'],
      ['source GET manifests'],
      ['source GET blobs'],
      ['source GET manifests', 'source GET referrers', 'target HEAD manifests'],
      ...BLOBS_AND_PAYLOAD,
      // Its platforms, the index, the bundle, the list.
      ['target PUT manifests'],
      ['target PUT manifests'],
      ['target PUT manifests'],
      ['target GET manifests'],
      ['target PUT manifests'],
      ...TAG,
    ]);
  });
});
