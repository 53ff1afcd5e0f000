import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from '../../../src/cli/mirror-program.ts';
import type { RunReport } from '../../../src/mirror/report.ts';
import { commandLine } from '../../support/command-line.ts';
import { SECRETS, startScene, type Scene } from '../../support/scene.ts';

const NAMES = ['teradata', 'oracle', 'postgres', 'snowflake', 'hive', 'db2'];
const SHARES = 3;

/** A pod of an indexed Job. */
async function pod(
  { folder }: Scene,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<RunReport> {
  const secrets = { ATLAN_API_TOKEN: SECRETS.token, REGISTRY_PASSWORD: SECRETS.password };
  const line = commandLine(main, { cwd: folder, env: { ...secrets, ...env } });
  const { stdout, stderr } = await line.run(...args, '--output', 'json');
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as RunReport;
}

test('the pods of an indexed Job mirror every image once, and meet in the map', async (t) => {
  const scene = await startScene(t);
  for (const name of NAMES) await scene.offer(name, '1.0');
  await scene.configure((text) => `${text}\nreport: { besideMap: true }\n`);

  const reports = await Promise.all(
    [...Array(SHARES).keys()].map(async (index) =>
      pod(scene, { MIRROR_SHARDS: `${SHARES}`, JOB_COMPLETION_INDEX: `${index}` }, 'run'),
    ),
  );

  const shares = reports.map(({ images }) => images.map(({ image }) => image));
  assert.ok(shares.every((share) => share.length < NAMES.length));
  assert.deepEqual(shares.flat().toSorted(), NAMES.map((name) => `atlanhq/${name}:1.0`).toSorted());
  const map = await scene.read('image-map.yaml');
  for (const name of NAMES) assert.match(map, new RegExp(`atlanhq/${name}:1\\.0`));
  // Each remembers its own share: one that is well must not hide that another fails.
  for (const [index, share] of shares.entries()) {
    const kept = await scene.read(`image-map.yaml.report-${index}-of-${SHARES}.json`);
    const { images } = JSON.parse(kept) as Pick<RunReport, 'images'>;
    assert.deepEqual(
      images.map(({ image }) => image),
      share,
    );
  }
});

test('--shard says the same, of a plan too, and wins over the environment', async (t) => {
  const scene = await startScene(t);
  for (const name of NAMES) await scene.offer(name, '1.0');
  const env = { MIRROR_SHARDS: '3', JOB_COMPLETION_INDEX: '0' };
  const first = await pod(scene, env, 'plan');
  const all = await pod(scene, env, 'plan', '--shard', '0/1');
  assert.ok(first.images.length < NAMES.length);
  assert.equal(all.images.length, NAMES.length);
});

test('a share that is none, and an index that is missing, are mistakes in the configuration', async (t) => {
  const scene = await startScene(t);
  const wrong = await scene.mirror.run('run', '--shard', '4/4');
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr, /write index\/count/);
  const env = { ATLAN_API_TOKEN: SECRETS.token, REGISTRY_PASSWORD: SECRETS.password };
  const line = commandLine(main, { cwd: scene.folder, env: { ...env, MIRROR_SHARDS: '4' } });
  const { exitCode, stderr } = await line.run('run');
  assert.equal(exitCode, 2);
  assert.match(stderr, /completionMode: Indexed/);
});
