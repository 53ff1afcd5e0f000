import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { parse } from 'valibot';
import { MapStoreError, ReleaseSourceError } from '../../../src/errors.ts';
import { runRecordSchema } from '../../../src/reports/record-schema.ts';
import type { RunRecord } from '../../../src/reports/run-record.ts';
import { Secret } from '../../../src/secret.ts';
import { ReportingJob } from '../../support/reporting.ts';
import { evidenceFor, imageRecord, mirroredRecord } from '../../support/run-record.ts';
import { startScripted } from '../../support/scripted-server.ts';

const SIX = '2026-03-01T06:00:00.000Z';
const SEVEN = '2026-03-01T07:00:00.000Z';
const EIGHT = '2026-03-01T08:00:00.000Z';
const NINE = '2026-03-01T09:00:00.000Z';

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'reporter-'));
  t.after(async () => rm(folder, { recursive: true }));
  return folder;
}

async function recordIn(path: string): Promise<RunRecord> {
  return parse(runRecordSchema, JSON.parse(await readFile(path, 'utf8')));
}

function memoryOf({ lastSuccessAt, failingSince, recoveredFrom }: RunRecord): object {
  return { lastSuccessAt, failingSince, recoveredFrom };
}

test('every report that is asked for is there, its folder made, and nothing else', async (t) => {
  const folder = await temporary(t);
  const job = new ReportingJob({
    json: join(folder, 'a/b/report.json'),
    html: join(folder, 'a/report.html'),
    metrics: join(folder, 'mirror.prom'),
  });
  assert.deepEqual(await job.end({ startedAt: SIX }), []);
  assert.deepEqual((await readdir(folder, { recursive: true })).toSorted(), [
    'a',
    'a/b',
    'a/b/report.json',
    'a/report.html',
    'mirror.prom',
  ]);
  assert.match(await readFile(join(folder, 'a/report.html'), 'utf8'), /^<!doctype html>/);
  assert.match(await readFile(join(folder, 'mirror.prom'), 'utf8'), /^# HELP sdr_mirror_/);
  assert.equal(job.beside.writes, 0);
});

describe('what is remembered from run to run', () => {
  for (const place of ['in a file', 'beside the map'] as const) {
    test(`${place}: the last success, since when it fails, and that it recovered`, async (t) => {
      const json = join(await temporary(t), 'report.json');
      const job = new ReportingJob(place === 'in a file' ? { json } : { besideMap: true });
      const seen: object[] = [];
      for (const [startedAt, failed] of [
        [SIX, false],
        [SEVEN, true],
        [EIGHT, true],
        [NINE, false],
      ] as const) {
        await job.end({ startedAt, failed });
        const text = job.beside.text ?? (await readFile(json, 'utf8'));
        seen.push(memoryOf(parse(runRecordSchema, JSON.parse(text))));
      }
      const lastSuccessAt = '2026-03-01T06:00:01.000Z';
      const failing = { lastSuccessAt, failingSince: SEVEN, recoveredFrom: undefined };
      assert.deepEqual(seen, [
        { lastSuccessAt, failingSince: undefined, recoveredFrom: undefined },
        failing,
        failing,
        {
          lastSuccessAt: '2026-03-01T09:00:01.000Z',
          failingSince: undefined,
          recoveredFrom: SEVEN,
        },
      ]);
    });
  }

  test('by the metrics alone: the last success does not move while runs fail', async (t) => {
    const metrics = join(await temporary(t), 'mirror.prom');
    const job = new ReportingJob({ metrics });
    const valueOf = async (name: string): Promise<number> => {
      const [, value] = new RegExp(
        `^sdr_mirror_${name}_timestamp_seconds\\{.*\\} (\\d+)$`,
        'm',
      ).exec(await readFile(metrics, 'utf8'))!;
      return Number(value) * 1000;
    };
    await job.end({ startedAt: SIX });
    for (const startedAt of [SEVEN, EIGHT]) {
      await job.end({ startedAt, failed: true });
      assert.equal(await valueOf('last_success'), Date.parse(SIX) + 1000);
      assert.equal(await valueOf('failing_since'), Date.parse(SEVEN));
    }
    await job.end({ startedAt: NINE });
    assert.equal(await valueOf('last_success'), Date.parse(NINE) + 1000);
    assert.equal(await valueOf('failing_since'), 0);
  });

  test('who proved an image outlasts the runs that only keep it', async (t) => {
    const json = join(await temporary(t), 'report.json');
    const job = new ReportingJob({ json });
    const fresh = mirroredRecord('a:1', { startMs: 0, durationMs: 1, bytes: 5 });
    await job.end({ startedAt: SIX, report: { images: [fresh] } });
    await job.end({ startedAt: SEVEN, report: { images: [imageRecord('a:1')] } });
    assert.deepEqual((await recordIn(json)).evidence, [evidenceFor(fresh, { at: SIX })]);
  });

  for (const [name, text, warning] of [
    ['what is no report', '{"schemaVersion":2}', /cannot be read; this one starts afresh/],
    ['what is no JSON', 'half a rep', /cannot be read; this one starts afresh/],
  ] as const) {
    test(`${name} is a warning, and replaced`, async (t) => {
      const json = join(await temporary(t), 'report.json');
      await writeFile(json, text);
      const job = new ReportingJob({ json });
      const log = await job.end({ startedAt: SIX });
      assert.deepEqual(
        log.map(({ level }) => level),
        ['warn'],
      );
      assert.match(log[0]!.message, warning);
      assert.equal((await recordIn(json)).outcome, 'succeeded');
    });
  }

  test("another map's report says nothing", async (t) => {
    const json = join(await temporary(t), 'report.json');
    const map = { location: 's3://other/map.yaml', changed: false };
    const job = new ReportingJob({ json });
    await job.end({ startedAt: SIX, failed: true, report: { map } });
    await job.end({ startedAt: SEVEN, failed: true });
    assert.equal((await recordIn(json)).failingSince, SEVEN);
  });
});

test('a run that could not begin is reported with its reason', async (t) => {
  const json = join(await temporary(t), 'report.json');
  const job = new ReportingJob({ json });
  const error = new ReleaseSourceError('the tenant is away');
  await job.end({ startedAt: SIX, failed: true, exitCode: 5, error });
  const record = await recordIn(json);
  assert.deepEqual(
    [record.outcome, record.exitCode, record.error?.code],
    ['failed', 5, 'RELEASES_UNAVAILABLE'],
  );
});

describe('what cannot be left is a warning, and keeps nothing else from being left', () => {
  test('a file', async (t) => {
    const folder = await temporary(t);
    await mkdir(join(folder, 'report.html'));
    const job = new ReportingJob({
      html: join(folder, 'report.html'),
      json: join(folder, 'report.json'),
      metrics: join(folder, 'mirror.prom'),
    });
    const log = await job.end({ startedAt: SIX });
    assert.deepEqual(
      log.map(({ level, fields }) => [level, fields['code']]),
      [['warn', 'REPORT_UNWRITABLE']],
    );
    assert.match(log[0]!.message, /report\.html could not be written: it is not a regular file/);
    assert.deepEqual((await readdir(folder)).toSorted(), [
      'mirror.prom',
      'report.html',
      'report.json',
    ]);
  });

  test('the report beside the map, and the Pushgateway', async (t) => {
    const server = await startScripted(t, () => ({ status: 400, body: 'REPEATED-SECRET' }));
    const json = join(await temporary(t), 'report.json');
    const job = new ReportingJob({
      json,
      besideMap: true,
      pushgateway: new Secret(`${server.url}/SECRET`),
    });
    job.beside.faults.push('forbidden');
    const log = await job.end({ startedAt: SIX });
    assert.deepEqual(
      new Set(log.map(({ fields }) => fields['code'])),
      new Set(['MAP_UNAVAILABLE', 'REPORT_UNDELIVERABLE']),
    );
    assert.doesNotMatch(JSON.stringify(log), /SECRET/);
    assert.equal((await recordIn(json)).outcome, 'succeeded');
  });
});

describe('beside the map', () => {
  test('another shard that was faster by a moment does not keep the later report away', async () => {
    const job = new ReportingJob({ besideMap: true });
    job.beside.faults.push('conflict');
    assert.deepEqual(await job.end({ startedAt: SIX }), []);
    assert.match(job.beside.text ?? '', /"schemaVersion": 1/);
  });

  test('a store that cannot be read starts afresh', async () => {
    const job = new ReportingJob({ besideMap: true });
    await job.end({ startedAt: SIX, failed: true });
    job.beside.readFaults.push(new MapStoreError('MAP_UNAVAILABLE', 'away'));
    const log = await job.end({ startedAt: SEVEN });
    assert.match(log[0]!.message, /starts afresh/);
    assert.doesNotMatch(job.beside.text ?? '', /recoveredFrom/);
  });
});

test('what goes over a network gets so much time and no more, less when the run was stopped', async (t) => {
  const server = await startScripted(t, () => 'silent');
  for (const [interrupted, limits] of [
    [false, { networkMs: 50, networkWhenStoppedMs: 60_000 }],
    [true, { networkMs: 60_000, networkWhenStoppedMs: 50 }],
  ] as const) {
    const job = new ReportingJob(
      { pushgateway: new Secret(server.url) },
      { limits: { ...limits, retries: 0 } },
    );
    const log = await job.end({ startedAt: SIX, report: { interrupted } });
    assert.match(log[0]!.message, /there was no time left for it/);
  }
});
