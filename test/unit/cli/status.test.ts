import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusReport } from '../../../src/mirror/status-report.ts';
import type { TestImage } from '../../support/images.ts';
import { SECRETS, startScene, type Scene } from '../../support/scene.ts';

const STORE = 'mirrored/atlan-postgres-app';

function largestBlob(image: TestImage): keyof TestImage['blobs'] & string {
  const [digest] = [...image.blobs].toSorted(([, a], [, b]) => b.length - a.length)[0]!;
  return digest as never;
}

async function statusOf(
  scene: Scene,
  ...args: readonly string[]
): Promise<{ readonly exitCode: number; readonly report: StatusReport }> {
  const { exitCode, stdout } = await scene.mirror.run('status', '--output', 'json', ...args);
  return { exitCode, report: JSON.parse(stdout) as StatusReport };
}

test('status puts releases, map and target side by side, and run --repair mends what it finds', async (t) => {
  const scene = await startScene(t);
  const postgres = await scene.offer('atlan-postgres-app', '2.4.0');
  await scene.offer('atlan-mssql-app', '1.0.0');
  assert.equal((await scene.mirror.run('run')).exitCode, 0);
  const map = await scene.read('image-map.yaml');

  const well = await scene.mirror.run('status');
  assert.equal(well.exitCode, 0, well.stdout);
  assert.match(well.stdout, /^✔ well {7}atlanhq\/atlan-postgres-app:2\.4\.0 {2}→ .*\n✔ well/);
  assert.match(well.stdout, /\n2 images: 2 well, in .*\nMap file:.*: read, not touched\n$/);

  // Behind the registry's back: a blob of one image, the signature of the other.
  const store = scene.target.store.repository(STORE);
  store.blobs.delete(largestBlob(postgres) as never);
  const mssql = scene.target.store.repository('mirrored/atlan-mssql-app');
  for (const [digest, { bytes }] of mssql.manifests) {
    if (Buffer.from(bytes).includes('"subject"')) mssql.manifests.delete(digest);
  }
  scene.target.forget();
  const { exitCode, report } = await statusOf(scene);
  assert.equal(exitCode, 4);
  assert.deepEqual(
    report.images.map(({ image, findings }) => [image, findings.map(({ kind }) => kind)]),
    [
      ['atlanhq/atlan-postgres-app:2.4.0', ['incomplete']],
      ['atlanhq/atlan-mssql-app:1.0.0', ['unsigned']],
    ],
  );
  assert.deepEqual(
    scene.target.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD'),
    [],
  );
  const text = await scene.mirror.run('status', '--only', '*postgres*');
  assert.equal(text.exitCode, 3);
  assert.match(text.stdout, /^✖ incomplete .*\n {4}.* has lost 1 part of it: blob sha256:/);
  assert.match(text.stdout, /\n1 image: 1 incomplete, in /);

  const dry = await scene.mirror.run('run', '--repair', '--dry-run');
  assert.match(dry.stdout, /\+ copy .*postgres.*\(broken at the target: .*has lost 1 part/);
  const repair = await scene.mirror.run('run', '--repair');
  assert.equal(repair.exitCode, 0, repair.stdout);
  assert.match(repair.stdout, /postgres.* REPAIRED: broken at the target: .*has lost 1 part/);
  assert.match(repair.stdout, /mssql.* REPAIRED: broken at the target: no signature is found with/);
  assert.equal(await scene.read('image-map.yaml'), map);
  assert.equal((await statusOf(scene)).exitCode, 0);
});

test('status says by its exit code whose trouble it is, and repeats no secret', async (t) => {
  const scene = await startScene(t);
  await scene.offer('atlan-postgres-app', '2.4.0');
  const first = await scene.mirror.run('status');
  assert.equal(first.exitCode, 3);
  assert.match(
    first.stdout,
    /✖ unmirrored .*\n {4}It is not at the target yet\. `mirror run` brings it\./,
  );
  assert.match(first.stdout, /Map file:.*: there is none yet/);

  await scene.mirror.run('run');
  await scene.write('image-map.yaml', 'images:\n  "other/app:1": "elsewhere.example/app:1"\n');
  const unmapped = await scene.mirror.run('status');
  assert.equal(unmapped.exitCode, 6);
  assert.match(unmapped.stdout, /1 entry of the map is of others, and was not looked at\./);

  scene.target.intercept(async () => Promise.resolve({ status: 403, headers: {} }));
  const away = await scene.mirror.run('status');
  assert.equal(away.exitCode, 3);
  assert.match(away.stdout, /✖ unchecked .*\n {4}REGISTRY_UNAUTHORIZED: /);

  await scene.write('image-map.yaml', 'images: [');
  assert.equal((await scene.mirror.run('status')).exitCode, 6);
  for (const { stdout, stderr } of [first, unmapped, away]) {
    for (const secret of Object.values(SECRETS)) {
      assert.ok(!`${stdout}${stderr}`.includes(secret));
    }
  }
});

test('status says that signatures are not looked for where nobody verifies them', async (t) => {
  const scene = await startScene(t);
  await scene.offer('atlan-postgres-app', '2.4.0', { signed: false });
  await scene.configure((text) => text.replace('verify:\n', 'verify:\n  mode: off\n'));
  await scene.mirror.run('run');
  const { exitCode, stdout } = await scene.mirror.run('status');
  assert.equal(exitCode, 0, stdout);
  assert.match(stdout, /Signatures were not looked for/);
});
