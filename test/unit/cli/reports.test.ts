import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'valibot';
import { runRecordSchema } from '../../../src/reports/record-schema.ts';
import type { RunRecord } from '../../../src/reports/run-record.ts';
import { SECRETS, startScene, type Scene } from '../../support/scene.ts';
import { startScripted, type ScriptedServer } from '../../support/scripted-server.ts';

const HOOK = '/services/marked-webhook-5e1d';

interface ReportScene extends Scene {
  readonly chat: ScriptedServer;
  readonly record: () => Promise<RunRecord>;
}

/** A job that leaves every report and tells a chat. */
async function start(t: TestContext): Promise<ReportScene> {
  const scene = await startScene(t);
  const chat = await startScripted(t, () => ({ status: 200 }));
  await scene.configure(
    (text) => `${text}report:
  json: out/report.json
  html: out/report.html
  metrics: out/mirror.prom
  pushgateway: ${chat.url}/push
  besideMap: true
notify:
  webhook: ${chat.url}${HOOK}
`,
  );
  const record = async (): Promise<RunRecord> =>
    parse(runRecordSchema, JSON.parse(await scene.read('out/report.json')));
  return Object.assign(scene, { chat, record });
}

/** Titles of what the chat was told since the last time. */
function told({ chat }: ReportScene): readonly string[] {
  const messages = chat.requests.filter(({ path }) => path === HOOK);
  return messages.map(({ body }) => (JSON.parse(body.toString()) as { event: string }).event);
}

test('every run leaves its reports and tells who should know, and no report holds a secret', async (t) => {
  const scene = await start(t);
  await scene.offer('atlan-postgres-app', '2.4.0');
  await scene.offer('atlan-mssql-app', '1.0.0', { signed: false });

  assert.equal((await scene.mirror.run('run')).exitCode, 4);
  const failed = await scene.record();
  assert.deepEqual([failed.outcome, failed.exitCode], ['failed', 4]);
  const [postgres, mssql] = failed.images;
  assert.equal(postgres?.outcome, 'mirrored');
  assert.deepEqual(postgres.copy?.platforms, ['linux/amd64', 'linux/arm64']);
  assert.ok(postgres.size! > 0 && postgres.copy.bytes > 0 && postgres.requests > 20);
  assert.ok(postgres.durationMs >= 0 && postgres.steps?.length === 3);
  assert.match(postgres.verification?.logIndex ?? '', /^\d+$/);
  assert.equal(postgres.verification?.signer.kind, 'certificate');
  assert.equal(mssql?.error?.code, 'SIGNATURE_MISSING');
  assert.ok(failed.map.changed && failed.map.revision !== undefined);
  assert.equal(failed.failingSince, failed.startedAt);

  await scene.configure((text) => text);
  const quietly = await scene.mirror.run('run');
  assert.equal(quietly.exitCode, 4, 'without any report configured');

  const again = await start(t);
  await again.offer('atlan-postgres-app', '2.4.0');
  await again.mirror.run('run');
  await again.mirror.run('run');
  assert.deepEqual(told(again), ['change']);
  assert.deepEqual(told(scene), ['failure']);

  for (const each of [scene, again]) {
    const texts = [
      await each.read('out/report.json'),
      await each.read('out/report.html'),
      await each.read('out/mirror.prom'),
      await each.read('image-map.yaml.report.json'),
      ...each.chat.requests.map(({ body }) => body.toString()),
    ];
    for (const secret of [...Object.values(SECRETS), 'marked-webhook']) {
      assert.ok(!texts.some((text) => text.includes(secret)), secret);
    }
  }
});

test('a recovery is told once, and the last success had not moved meanwhile', async (t) => {
  const scene = await start(t);
  await scene.offer('atlan-postgres-app', '2.4.0');
  await scene.mirror.run('run');
  const first = await scene.record();

  scene.marketplace.script({ status: 401 });
  assert.equal((await scene.mirror.run('run')).exitCode, 5);
  const away = await scene.record();
  assert.equal(away.error?.code, 'RELEASES_UNAVAILABLE');
  assert.equal(away.lastSuccessAt, first.lastSuccessAt);
  assert.deepEqual(away.images, []);
  assert.deepEqual(away.evidence, first.evidence, 'who proved what is not forgotten');

  for (let runs = 0; runs < 2; runs += 1) await scene.mirror.run('run');
  assert.deepEqual(told(scene), ['change', 'failure', 'recovery']);
  assert.notEqual((await scene.record()).lastSuccessAt, first.lastSuccessAt);
});

test('a run that is stopped says so, proves neither success nor failure, and tells nobody', async (t) => {
  const scene = await start(t);
  await scene.offer('atlan-postgres-app', '2.4.0');
  await scene.mirror.run('run');
  const { lastSuccessAt } = await scene.record();
  await scene.offer('atlan-mssql-app', '1.0.0');
  scene.source.intercept((_request, next) => {
    scene.mirror.signal('SIGTERM');
    scene.mirror.signal('SIGTERM');
    return next();
  });
  assert.equal((await scene.mirror.run('run')).exitCode, 143);
  const record = await scene.record();
  assert.deepEqual(
    [record.outcome, record.exitCode, record.lastSuccessAt, record.failingSince],
    ['interrupted', 143, lastSuccessAt, undefined],
  );
  assert.ok(record.images.every(({ outcome }) => outcome === 'interrupted'));
  assert.deepEqual(told(scene), ['change']);
});

test('what a run leaves is as the shipped schema says', async (t) => {
  const scene = await start(t);
  await scene.offer('atlan-postgres-app', '2.4.0');
  await scene.offer('atlan-mssql-app', '1.0.0', { signed: false });
  const schema = await readFile(join(import.meta.dirname, '../../../report.schema.json'), 'utf8');
  const formats = { 'date-time': /^\d{4}-\d\d-\d\dT/ };
  const validate = new Ajv({ strict: false, formats }).compile(JSON.parse(schema) as object);
  for (let runs = 0; runs < 2; runs += 1) {
    await scene.mirror.run('run');
    assert.ok(
      validate(JSON.parse(await scene.read('out/report.json'))),
      JSON.stringify(validate.errors),
    );
  }
});

test('a look at a part, or one that changes nothing, leaves no report', async (t) => {
  const scene = await start(t);
  await scene.offer('atlan-postgres-app', '2.4.0');
  for (const args of [['plan'], ['run', '--dry-run'], ['run', '--only', '*'], ['status']]) {
    await scene.mirror.run(...args);
  }
  assert.ok(!(await readdir(scene.folder)).includes('out'));
  assert.deepEqual(scene.chat.log, []);
});

test('a report that cannot be left changes neither the exit code nor the result', async (t) => {
  const scene = await start(t);
  await scene.offer('atlan-postgres-app', '2.4.0');
  await scene.write('out', 'a file where the folder should be');
  const { exitCode, stdout, stderr } = await scene.mirror.run('run', '--output', 'json');
  assert.equal(exitCode, 0);
  assert.equal((JSON.parse(stdout) as RunRecord).totals.mirrored, 1);
  const warnings = stderr.split('\n').filter((line) => line.includes('REPORT_UNWRITABLE'));
  assert.equal(warnings.length, 3, stderr);
});
