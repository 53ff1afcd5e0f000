import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ImageReport } from '../../../src/mirror/report.ts';
import { buildImage, push } from '../../support/images.ts';
import type { Ended } from '../../support/command-line.ts';
import { startScene, type Scene } from '../../support/scene.ts';
import { STRANGER, VENDOR } from '../../support/sigstore/identities.ts';

async function copyJson(
  scene: Scene,
  ...args: readonly string[]
): Promise<{ readonly report: ImageReport; readonly exitCode: number }> {
  const { stdout, stderr, exitCode } = await scene.mirror.run('copy', '-o', 'json', ...args);
  assert.notEqual(stdout, '', stderr);
  return { report: JSON.parse(stdout) as ImageReport, exitCode };
}

function writesAt(scene: Scene): readonly string[] {
  return scene.target.requests
    .filter(({ method }) => !['HEAD', 'GET'].includes(method))
    .map(({ method, path }) => `${method} ${path}`);
}

describe('mirror copy', () => {
  test('brings one image with all that belongs to it, and reads and writes no map', async (t) => {
    const scene = await startScene(t);
    const image = await scene.offer('teradata', '3.1.4', { announced: false });
    const target = `${scene.target.host}/by-hand/teradata:approved`;

    const { exitCode, stdout, stderr } = await scene.mirror.run(
      'copy',
      'atlanhq/teradata:3.1.4',
      target,
    );

    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /✔ mirrored +127\.0\.0\.1:\d+\/atlanhq\/teradata:3\.1\.4 {2}→ /);
    assert.match(stdout, /signed by https:\/\/github\.com\/atlanhq\//);
    assert.match(stdout, new RegExp(`digest +${image.digest}`));
    assert.match(stdout, /blobs +\d+ sent/);
    assert.match(stdout, /attached +1 signature/);
    const there = scene.target.store.repository('by-hand/teradata');
    assert.equal(there.find('approved')?.digest, image.digest);
    for (const { digest } of image.manifests) assert.ok(there.find(digest), digest);
    assert.equal(there.referrers(image.digest).length, 1);
    await assert.rejects(scene.read('image-map.yaml'), { code: 'ENOENT' });
    assert.deepEqual(scene.marketplace.requests, []);
  });

  test('takes a digest, and the tag of the source where the target has none', async (t) => {
    const scene = await startScene(t);
    const { digest } = await scene.offer('teradata', '3.1.4');
    const repository = `${scene.target.host}/by-hand/teradata`;

    const source = `${scene.source.host}/atlanhq/teradata`;
    const byTag = await copyJson(scene, `${source}:3.1.4`, repository);
    const byDigest = await copyJson(scene, `${source}@${digest}`, `${repository}:other`);

    assert.deepEqual([byTag.exitCode, byDigest.exitCode], [0, 0]);
    assert.equal(byTag.report.target, `${repository}:3.1.4`);
    assert.equal(byDigest.report.digest, digest);
    const { tags } = scene.target.store.repository('by-hand/teradata');
    assert.deepEqual(Object.fromEntries(tags), { '3.1.4': digest, other: digest });
    const without = await scene.mirror.run('copy', `${source}@${digest}`, repository);
    assert.equal(without.exitCode, 2);
    assert.match(without.stderr, /neither source nor target has a tag/);
  });

  test('needs no configuration file', async (t) => {
    const scene = await startScene(t);
    const { digest } = await scene.offer('teradata', '3.1.4');
    await scene.write('mirror.yaml', '{ nonsense');
    await scene.write('none.yaml', '');
    const open = await startScene(t);

    const { report, exitCode } = await copyJson(
      scene,
      '--config=none.yaml',
      `--source-registry=${scene.source.host}`,
      '--trust-root=trusted_root.json',
      `--identity-subject=${VENDOR.subject}`,
      `--identity-issuer=${VENDOR.issuer}`,
      `--plain-http=${scene.source.host}`,
      `--plain-http=${open.source.host}`,
      'atlanhq/teradata:3.1.4',
      `${open.source.host}/copied/teradata`,
    );

    assert.equal(exitCode, 0, JSON.stringify(report));
    assert.equal(report.outcome, 'mirrored');
    assert.equal(report.verification?.signer.kind, 'certificate');
    assert.equal(open.source.store.repository('copied/teradata').tags.get('3.1.4'), digest);
  });

  test('an image that is there is verified and left alone; a signature that lacks is added', async (t) => {
    const scene = await startScene(t);
    const image = await scene.offer('teradata', '3.1.4');
    const target = `${scene.target.host}/by-hand/teradata:3.1.4`;
    push(scene.target.store.repository('by-hand/teradata'), image, '3.1.4');

    const first = await copyJson(scene, 'atlanhq/teradata:3.1.4', target);
    assert.equal(first.report.outcome, 'mirrored');
    assert.match(first.report.reason, /what is attached to it was not/);
    scene.target.forget();
    const second = await copyJson(scene, 'atlanhq/teradata:3.1.4', target);

    assert.equal(second.report.outcome, 'unchanged');
    assert.equal(second.report.verification?.digest, image.digest);
    assert.deepEqual(writesAt(scene), []);
  });

  test('another image under the tag stays, unless told otherwise', async (t) => {
    const scene = await startScene(t);
    const image = await scene.offer('teradata', '3.1.4');
    const there = scene.target.store.repository('by-hand/teradata');
    const other = buildImage({ seed: 'other' });
    push(there, other, '3.1.4');
    const args = ['atlanhq/teradata:3.1.4', `${scene.target.host}/by-hand/teradata`] as const;

    const refused = await copyJson(scene, ...args);
    assert.equal(refused.exitCode, 3);
    assert.equal(refused.report.error?.code, 'TARGET_CONFLICT');
    assert.match(refused.report.reason, /--overwrite/);
    assert.equal(there.tags.get('3.1.4'), other.digest);
    assert.deepEqual(writesAt(scene), []);

    const { report } = await copyJson(scene, '--overwrite', ...args);
    assert.match(report.reason, new RegExp(`replaced ${other.digest}`));
    assert.equal(there.tags.get('3.1.4'), image.digest);
  });

  test('without an accepted signature nothing is written; only --verify says otherwise', async (t) => {
    const scene = await startScene(t);
    await scene.offer('stranger', '1.0', { signer: STRANGER });
    const young = buildImage({ seed: 'young', created: new Date().toISOString() });
    push(scene.source.store.repository('atlanhq/young'), young, '1.0');
    const to = (name: string): string => `${scene.target.host}/by-hand/${name}`;

    const stranger = await copyJson(scene, 'atlanhq/stranger:1.0', to('stranger'));
    assert.deepEqual([stranger.exitCode, stranger.report.error?.code], [4, 'SIGNER_UNTRUSTED']);
    // Whoever copies by hand looks at what came of it: there is no next run to wait for.
    const unsigned = await copyJson(scene, 'atlanhq/young:1.0', to('young'));
    assert.deepEqual([unsigned.exitCode, unsigned.report.outcome], [4, 'failed']);
    assert.deepEqual(writesAt(scene), []);

    for (const mode of ['warn', 'off']) {
      const { exitCode, stdout } = await scene.mirror.run(
        'copy',
        'atlanhq/stranger:1.0',
        `${to('stranger')}:${mode}`,
        '--verify',
        mode,
      );
      assert.equal(exitCode, 0);
      assert.match(stdout, /NOT VERIFIED: /);
    }
  });

  test('copies the platforms that the configuration names, and says what it left out', async (t) => {
    const scene = await startScene(t, { sparseIndexes: true });
    await scene.configure((text) => `${text}copy: { platforms: [linux/amd64] }\n`);
    await scene.offer('teradata', '3.1.4');

    const { stdout, stderr } = await scene.mirror.run(
      'copy',
      'atlanhq/teradata:3.1.4',
      `${scene.target.host}/by-hand/teradata`,
    );

    assert.match(stdout, /WITHOUT linux\/arm64/, stderr);
  });

  test('on a signal it ends at once, with its code, and leaves no tag', async (t) => {
    const scene = await startScene(t);
    await scene.offer('teradata', '3.1.4');
    scene.target.intercept(({ method }) => {
      if (method === 'PUT') scene.mirror.signal('SIGINT');
      return undefined;
    });

    const { report, exitCode } = await copyJson(
      scene,
      'atlanhq/teradata:3.1.4',
      `${scene.target.host}/by-hand/teradata`,
    );

    assert.deepEqual([exitCode, report.outcome], [130, 'interrupted']);
    assert.equal(scene.target.store.repository('by-hand/teradata').tags.size, 0);
  });

  const mistakes: Readonly<
    Record<
      string,
      { readonly args: readonly string[]; readonly exit: number; readonly says: RegExp }
    >
  > = {
    'a target without a registry': {
      args: ['atlanhq/a:1', 'mirrored/a:1'],
      exit: 2,
      says: /"mirrored\/a:1" names no registry.*registry\.mycompany\.com\/mirrored\/a:1/,
    },
    'a target by digest': {
      args: ['atlanhq/a:1', `registry.example/a@sha256:${'0'.repeat(64)}`],
      exit: 2,
      says: /names a digest/,
    },
    'a source that is a repository': {
      args: ['atlanhq/a', 'registry.example/a:1'],
      exit: 2,
      says: /names a repository, not an image/,
    },
    'no target': { args: ['atlanhq/a:1'], exit: 2, says: /missing required argument 'target'/ },
    'a word that is no mode': {
      args: ['atlanhq/a:1', 'registry.example/a', '--verify', 'no'],
      exit: 2,
      says: /--verify/,
    },
  };
  for (const [title, { args, exit, says }] of Object.entries(mistakes)) {
    test(`tells of ${title}`, async (t) => {
      const scene = await startScene(t);
      const { exitCode, stderr }: Ended = await scene.mirror.run('copy', ...args);
      assert.equal(exitCode, exit, stderr);
      assert.match(stderr, says);
    });
  }

  test('tells of an image that is not there', async (t) => {
    const scene = await startScene(t);
    const absent = await copyJson(scene, 'atlanhq/absent:1', `${scene.target.host}/a`);
    assert.deepEqual([absent.exitCode, absent.report.error?.code], [3, 'REGISTRY_NOT_FOUND']);
    assert.match(absent.report.reason, /atlanhq\/absent:1 does not exist\. Check the spelling/);
  });
});
