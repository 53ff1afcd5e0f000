import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunReport } from '../../../src/mirror/report.ts';
import { push } from '../../support/images.ts';
import { startScene, type Scene } from '../../support/scene.ts';
import { waitFor } from '../../support/servers/server-process.ts';
import { STRANGER } from '../../support/sigstore/identities.ts';

async function runJson(scene: Scene, ...args: readonly string[]): Promise<RunReport> {
  const { stdout, stderr } = await scene.mirror.run('run', '--output', 'json', ...args);
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as RunReport;
}

test('from announced to resolved: the index arrives with its children and signatures', async (t) => {
  const scene = await startScene(t);
  const image = await scene.offer('teradata', '3.1.4');

  const { exitCode, stdout, stderr } = await scene.mirror.run('run');

  assert.equal(exitCode, 0, stderr);
  assert.match(
    stdout,
    /mirrored +atlanhq\/teradata:3\.1\.4 {2}→ 127\.0\.0\.1:\d+\/mirrored\/teradata:3\.1\.4/,
  );
  assert.match(stdout, /signed by https:\/\/github\.com\/atlanhq\/application-sdk\//);
  assert.match(stdout, /1 image: 1 mirrored/);
  const mirrored = scene.target.store.repository('mirrored/teradata');
  assert.equal(mirrored.find('3.1.4')?.digest, image.digest);
  for (const { digest } of image.manifests) assert.ok(mirrored.find(digest), digest);
  assert.equal(mirrored.referrers(image.digest).length, 1);

  const resolved = await scene.mirror.run('resolve', 'docker.io/atlanhq/teradata:3.1.4');
  assert.equal(resolved.exitCode, 0);
  assert.match(
    resolved.stdout,
    new RegExp(`→ ${scene.target.host}/mirrored/teradata:3\\.1\\.4 .*exact entry`),
  );
});

test('a second run writes nothing and costs two HEADs an image', async (t) => {
  const scene = await startScene(t);
  await scene.offer('teradata', '3.1.4');
  await scene.offer('oracle', '2.0.0', { format: 'classic' });
  await scene.mirror.run('run');
  const map = await scene.read('image-map.yaml');
  scene.source.forget();
  scene.target.forget();

  const report = await runJson(scene);

  assert.equal(report.totals.unchanged, 2);
  assert.equal(report.map.changed, false);
  assert.equal(await scene.read('image-map.yaml'), map);
  const asked = [...scene.source.requests, ...scene.target.requests]
    .filter(({ status, path }) => status !== 401 && path.startsWith('/v2/'))
    .map(({ method }) => method);
  assert.deepEqual(asked, ['HEAD', 'HEAD', 'HEAD', 'HEAD']);
});

test('plan and --dry-run change nothing; only the dry run looks at signatures', async (t) => {
  const scene = await startScene(t);
  await scene.offer('teradata', '3.1.4');
  await scene.offer('forged', '1.0', { signer: STRANGER });

  const planned = await scene.mirror.run('plan');
  assert.equal(planned.exitCode, 0, planned.stderr);
  assert.match(planned.stdout, /copy +atlanhq\/forged:1\.0/);
  assert.match(planned.stdout, /^Accepted signers: https:\/\/github\.com\/atlanhq\/.* \(issuer /m);

  const dry = await scene.mirror.run('run', '--dry-run');
  assert.equal(dry.exitCode, 4);
  assert.match(dry.stdout, /copy +atlanhq\/teradata:3\.1\.4/);
  assert.match(dry.stdout, /SIGNER_UNTRUSTED/);

  assert.equal(scene.target.store.repository('mirrored/teradata').manifests.size, 0);
  await assert.rejects(scene.read('image-map.yaml'), { code: 'ENOENT' });
  const writes = scene.target.requests.filter(({ method }) => !['HEAD', 'GET'].includes(method));
  assert.deepEqual(writes, []);
});

test('--only looks at what it names and at nothing else', async (t) => {
  const scene = await startScene(t);
  await scene.offer('teradata', '3.1.4');
  await scene.offer('oracle', '2.0.0');

  const report = await runJson(scene, '--only', 'ora*');

  assert.deepEqual(
    report.images.map(({ image }) => image),
    ['atlanhq/oracle:2.0.0'],
  );
});

test('everything can be said on the command line', async (t) => {
  const scene = await startScene(t);
  const { source, target, marketplace } = scene;
  await scene.offer('teradata', '3.1.4');
  await scene.write('mirror.yaml', '{ nonsense');
  await scene.write(
    'empty.yaml',
    `registries:\n  ${target.host}: { username: ci, password: "\${REGISTRY_PASSWORD}" }\n`,
  );

  const { exitCode, stderr } = await scene.mirror.run(
    'run',
    '--config=empty.yaml',
    `--releases-url=${marketplace.url}`,
    `--source-registry=${source.host}`,
    `--target=${target.host}/one-off/{app}:{version}`,
    '--map=file:one-off.yaml',
    '--trust-root=trusted_root.json',
    `--plain-http=${source.host}`,
    `--plain-http=${target.host}`,
  );

  assert.equal(exitCode, 0, stderr);
  assert.match(await scene.read('one-off.yaml'), /one-off\/teradata:3\.1\.4/);
});

test('verify shows the evidence, or exactly why there is none', async (t) => {
  const scene = await startScene(t);
  const { host } = scene.source;
  await scene.offer('teradata', '3.1.4');
  await scene.offer('stranger', '1.0', { signer: STRANGER });
  await scene.offer('unsigned', '1.0', { signed: false });

  const one = await scene.mirror.run('verify', 'atlanhq/teradata:3.1.4');
  assert.equal(one.exitCode, 0, one.stderr);
  for (const fact of [
    /application-sdk/,
    /token\.actions\.githubusercontent\.com/,
    /log index/,
    /referrers/,
  ]) {
    assert.match(one.stdout, fact);
  }

  const all = await scene.mirror.run(
    'verify',
    '--output=json',
    'atlanhq/stranger:1.0',
    'atlanhq/unsigned:1.0',
    'atlanhq/absent:1.0',
  );
  assert.equal(all.exitCode, 4);
  const results = JSON.parse(all.stdout) as {
    image: string;
    verified: boolean;
    error: { code: string };
  }[];
  assert.deepEqual(
    results.map(({ image, verified, error }) => [image, verified, error.code]),
    [
      [`${host}/atlanhq/stranger:1.0`, false, 'SIGNER_UNTRUSTED'],
      [`${host}/atlanhq/unsigned:1.0`, false, 'SIGNATURE_MISSING'],
      [`${host}/atlanhq/absent:1.0`, false, 'REGISTRY_NOT_FOUND'],
    ],
  );
});

test('an entry somebody wrote by hand is kept, and the report says where it leads', async (t) => {
  const scene = await startScene(t);
  const image = await scene.offer('teradata', '3.1.4');
  push(scene.target.store.repository('golden/teradata'), image, '3.1.4-approved');
  const map = `# ours\nimages:\n  atlanhq/teradata:3.1.4: ${scene.target.host}/golden/teradata:3.1.4-approved # until March\n`;
  await scene.write('image-map.yaml', map);

  const report = await runJson(scene);

  assert.equal(report.images[0]?.outcome, 'unchanged');
  assert.equal(report.images[0]?.target, `${scene.target.host}/golden/teradata:3.1.4-approved`);
  assert.equal(await scene.read('image-map.yaml'), map);
});

test('a signal is heard: what was finished is published, and the code says which signal it was', async (t) => {
  const scene = await startScene(t);
  await scene.configure((text) => `${text}copy: { concurrency: 1 }\n`);
  await scene.offer('first', '1.0');
  await scene.offer('second', '1.0');
  // In the middle of the first image; a second signal would mean "at once".
  let isSent = false;
  scene.target.intercept(({ method }) => {
    if (method === 'PUT' && !isSent) scene.mirror.signal('SIGTERM');
    isSent ||= method === 'PUT';
    return undefined;
  });

  const { exitCode, stdout, stderr } = await scene.mirror.run('run', '--output', 'json');

  assert.equal(exitCode, 143);
  assert.match(stderr, /stopping/);
  const report = JSON.parse(stdout) as RunReport;
  assert.deepEqual([report.totals.mirrored, report.totals.interrupted], [1, 1]);
  assert.match(await scene.read('image-map.yaml'), /mirrored\/first:1\.0/);
});

test('a signal while the releases are asked for ends the run at once', async (t) => {
  const scene = await startScene(t);
  scene.marketplace.script({ silent: true });

  const running = scene.mirror.run('run');
  await waitFor('the releases are asked for', () => scene.marketplace.requests[0]);
  const since = performance.now();
  scene.mirror.signal('SIGTERM');
  const { exitCode, stderr } = await running;

  assert.equal(exitCode, 143, stderr);
  // Far less than the time that images in flight would have been given.
  assert.ok(performance.now() - since < 10_000);
  assert.doesNotMatch(stderr, /RELEASES_UNAVAILABLE/);
});

test('on a terminal the status line leaves nothing behind', async (t) => {
  const scene = await startScene(t, { columns: 100 });
  await scene.offer('teradata', '3.1.4');

  const { exitCode, stderr } = await scene.mirror.run('run');

  assert.equal(exitCode, 0);
  const last = stderr.split('\r').at(-1) ?? '';
  assert.ok(['', '\u001b[2K'].includes(last), JSON.stringify(stderr));
});
