import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { renderMetrics } from '../../../src/reports/metrics.ts';
import { Secret } from '../../../src/secret.ts';
import { hostileRecord } from '../../support/hostile-record.ts';
import { ReportingJob } from '../../support/reporting.ts';
import { recordOf } from '../../support/run-record.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { startNodeExporter, startPushgateway } from '../../support/servers/prometheus.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';

const LAST_SUCCESS = 'sdr_mirror_last_success_timestamp_seconds';

const RUNS = [
  { startedAt: '2026-03-01T06:00:00.000Z', failed: false },
  { startedAt: '2026-03-01T07:00:00.000Z', failed: true },
  { startedAt: '2026-03-01T08:00:00.000Z', failed: true },
] as const;

function only(series: Readonly<Record<string, number>>): number | undefined {
  const values = Object.values(series);
  assert.equal(values.length, 1, JSON.stringify(series));
  return values[0];
}

async function textfiles(t: TestContext): Promise<string> {
  const { path, remove } = await temporaryFolder('textfiles');
  t.after(remove);
  return path;
}

for (const [name, placesOf] of [
  ['which remembers nothing itself', (url: string) => ({ pushgateway: new Secret(url) })],
  [
    'beside a file, which does',
    (url: string, folder: string) => ({
      pushgateway: new Secret(url),
      json: join(folder, 'report.json'),
    }),
  ],
] as const) {
  test(`a Pushgateway keeps the last success through failed runs, ${name}`, async (t) => {
    if (!requireServer(t, 'prometheus-pushgateway')) return;
    const gateway = await startPushgateway(t);
    const folder = await textfiles(t);
    const job = new ReportingJob(placesOf(gateway.url, folder));
    for (const [index, run] of RUNS.entries()) {
      assert.deepEqual(await job.end(run), []);
      assert.equal(only(await gateway.series(LAST_SUCCESS)), Date.UTC(2026, 2, 1, 6, 0, 1) / 1000);
      const exitCode = only(await gateway.series('sdr_mirror_last_run_exit_code'));
      assert.equal(exitCode, index === 0 ? 0 : 3);
    }
    const [labels] = Object.keys(await gateway.series(LAST_SUCCESS));
    assert.match(labels ?? '', /job="sdr_mirror".*map="memory:/);
    assert.equal(only(await gateway.series('push_failure_time_seconds')), 0);
  });
}

test('node_exporter reads the file, whose last success stays where it was', async (t) => {
  if (!requireServer(t, 'prometheus-node-exporter')) return;
  const folder = await textfiles(t);
  const exporter = await startNodeExporter(t, folder);
  const job = new ReportingJob({ metrics: join(folder, 'mirror.prom') });
  for (const run of RUNS) assert.deepEqual(await job.end(run), []);
  assert.equal(only(await exporter.series(LAST_SUCCESS)), Date.UTC(2026, 2, 1, 6, 0, 1) / 1000);
  assert.equal(
    only(await exporter.series('sdr_mirror_failing_since_timestamp_seconds')),
    Date.UTC(2026, 2, 1, 7) / 1000,
  );
  assert.deepEqual(await exporter.series('node_textfile_scrape_error'), {
    node_textfile_scrape_error: 0,
  });
});

test('node_exporter understands hostile labels, and two mirrors in one folder', async (t) => {
  if (!requireServer(t, 'prometheus-node-exporter')) return;
  const folder = await textfiles(t);
  const exporter = await startNodeExporter(t, folder);
  await writeFile(join(folder, 'hostile.prom'), renderMetrics(hostileRecord()));
  await writeFile(join(folder, 'plain.prom'), renderMetrics(recordOf([])));
  assert.deepEqual(await exporter.series('node_textfile_scrape_error'), {
    node_textfile_scrape_error: 0,
  });
  assert.equal(Object.keys(await exporter.series('sdr_mirror_last_run_exit_code')).length, 2);
});
