import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { RegistryChecker } from '../../../support/faults/checker.ts';
import type { Announced } from '../../../support/faults/lab.ts';
import { brokenPromises, isComplete, type Scene } from '../../../support/faults/promises.ts';
import { buildImage, buildMultiArch, push, tagOf } from '../../../support/images.ts';
import { startRegistry, type TestRegistry } from '../../../support/registry/server.ts';
import type { RepositoryStore } from '../../../support/registry/store.ts';
import { classicArtifact, referrerArtifact } from '../../../support/sigstore/attach.ts';

const HOST = 'target.example:5000';
const image = buildMultiArch('app');
const layer = (text: string) => ({ mediaType: 'text/plain', bytes: Buffer.from(text) });
const signature = classicArtifact([layer('classic')]);
const bundle = referrerArtifact(image.descriptor, layer('bundle'));
const stranger = buildImage({ seed: 'stranger' });
const classicTag = tagOf(image.digest, '.sig');

const good: Announced = {
  repository: 'vendor/app',
  tag: '1.0',
  digest: image.digest,
  isGood: true,
  signatures: [
    { digest: signature.digest, classicTag },
    { digest: bundle.digest, classicTag: undefined },
  ],
};
const bad: Announced = {
  repository: 'vendor/bad',
  tag: '1.0',
  digest: stranger.digest,
  isGood: false,
  signatures: [],
};
const ENTRY = `  "vendor/app:1.0": ${HOST}/s1/app:1.0`;
const FOREIGN = ['# by hand', '  other/tool:7: registry.example/tool:7 # approved'];

/** What a run leaves that has done everything right. */
async function sceneOf(t: TestContext): Promise<
  Scene & {
    readonly intercept: TestRegistry['intercept'];
    readonly app: RepositoryStore;
    readonly strangers: RepositoryStore;
  }
> {
  const registry = await startRegistry();
  t.after(async () => registry.close());
  const app = registry.store.repository('s1/app');
  push(app, image, '1.0');
  push(app, signature, classicTag);
  push(app, bundle);
  const report = { images: [{ image: 'vendor/bad:1.0', outcome: 'failed' }], map: {} };
  return {
    registry: new RegistryChecker(registry.url),
    targetHost: HOST,
    prefix: 's1',
    announced: [good, bad],
    foreign: FOREIGN,
    removedTooLate: new Set(),
    map: `# by hand\nimages:\n${FOREIGN[1]}\n${ENTRY}\n`,
    ended: { exitCode: 4, stdout: JSON.stringify(report), stderr: '' },
    secrets: ['hunter2'],
    written: [],
    intercept: (hook) => registry.intercept(hook),
    app,
    strangers: registry.store.repository('s1/bad'),
  };
}

/** What may be wrong, and how the checker tells of it. */
const HARM: Readonly<
  Record<string, readonly [RegExp, (scene: Awaited<ReturnType<typeof sceneOf>>) => Partial<Scene>]>
> = {
  'an entry whose image is gone': [
    /^promise 1: the map names vendor\/app:1\.0, which is not at the target/,
    ({ app }) => (app.tags.delete('1.0'), {}),
  ],
  'an entry that leads elsewhere': [
    /^promise 1: the map leads vendor\/app:1\.0 to/,
    ({ map }) => ({ map: map?.replace('app:1.0\n', 'app:2.0\n') }),
  ],
  'a classic signature that is missing': [
    /^promise 1: .*its signature under sha256-.* is undefined/,
    ({ app }) => (app.tags.delete(classicTag), {}),
  ],
  'a referrer that is missing': [
    /^promise 1: .*no referrer/,
    ({ app }) => (app.manifests.delete(bundle.digest), {}),
  ],
  'another image under the tag': [
    /^promise 2: vendor\/app:1\.0 is sha256:.* at the target/,
    ({ app }) => (app.tags.set('1.0', signature.digest), {}),
  ],
  'an image that nobody vouches for': [
    /^promise 3: vendor\/bad:1\.0 is at the target unverified/,
    ({ strangers }) => (push(strangers, stranger, '1.0'), {}),
  ],
  'an entry of one that nobody vouches for': [
    /^promise 3: the map names vendor\/bad:1\.0/,
    ({ map }) => ({ map: `${map}  vendor/bad:1.0: ${HOST}/s1/bad:1.0\n` }),
  ],
  'an edit that is lost': [
    /^promise 4: lost of somebody else's: "# by hand"/,
    ({ map }) => ({ map: map?.replace('# by hand\n', '') }),
  ],
  'a blob that is missing behind a tag': [
    /^promise 5: a tag leads to half of something: .*blob sha256:.* is answered with 404/,
    ({ app }) => (app.blobs.delete([...image.blobs.keys()][0] ?? image.digest), {}),
  ],
  'a blob with other content': [
    /^promise 5: .*(?:has other content|bytes, not)/,
    ({ app }) => {
      const [digest = image.digest] = image.blobs.keys();
      app.blobs.set(digest, Buffer.from('x'));
      return {};
    },
  ],
  'a platform that is missing behind a tag': [
    /^promise 5: .*sha256:.* is not served/,
    ({ app }) => (app.manifests.delete(image.manifests[0]?.digest ?? image.digest), {}),
  ],
  'a failure that the exit code hides': [
    /^promise 6: exit code 0, and the map lacks vendor\/bad:1\.0/,
    ({ ended }) => ({ ended: { ...ended, exitCode: 0 } }),
  ],
  'a failure that the report hides': [
    /^promise 6: vendor\/bad:1\.0 is not in the map, and the report does not say so/,
    ({ ended }) => ({ ended: { ...ended, stdout: '{"images":[],"map":{}}' } }),
  ],
  'a bug': [
    /^a failure that nobody thought of/,
    ({ ended }) => ({ ended: { ...ended, exitCode: 1 } }),
  ],
  'a secret that is told': [
    /^promise 7: hunter2 is in stderr/,
    ({ ended }) => ({ ended: { ...ended, stderr: 'password hunter2 refused' } }),
  ],
  'a secret in a file': [
    /^promise 7: hunter2 is in files/,
    () => ({ written: ['{"p":"hunter2"}'] }),
  ],
};

describe('the checker of schedules of faults', () => {
  test('finds nothing wrong with what is right', async (t) => {
    const scene = await sceneOf(t);
    assert.deepEqual(await brokenPromises(scene), []);
    assert.equal(isComplete(scene), true);
    assert.equal(isComplete({ ...scene, map: undefined }), false);
  });

  test('waits for a tag that a server is still writing', async (t) => {
    const scene = await sceneOf(t);
    let looks = 0;
    scene.intercept(({ path }) => {
      if (path !== '/v2/s1/app/manifests/1.0') return undefined;
      looks += 1;
      // The first look is for the image, at the map's word.
      return looks === 2 || looks === 3 ? { status: 404 } : undefined;
    });
    assert.deepEqual(await brokenPromises(scene), []);
    assert.ok(looks > 3, String(looks));
  });

  test('takes nobody to task for an image that others removed after the last look', async (t) => {
    const scene = { ...(await sceneOf(t)), removedTooLate: new Set(['vendor/app:1.0']) };
    scene.app.tags.delete('1.0');
    assert.deepEqual(await brokenPromises(scene), []);
    scene.app.tags.set('1.0', signature.digest);
    assert.match((await brokenPromises(scene)).join('\n'), /^promise 2/);
  });

  for (const [name, [words, harm]] of Object.entries(HARM)) {
    test(`finds ${name}`, async (t) => {
      const scene = await sceneOf(t);
      const changed = { ...scene, ...harm(scene) };
      const found = await brokenPromises(changed);
      assert.ok(
        found.some((each) => words.test(each)),
        `it found: ${found.join('\n') || 'nothing'}`,
      );
    });
  }
});
