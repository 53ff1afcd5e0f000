import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURE_CODES } from '../../../src/reports/advice.ts';
import { parseEarlierMetrics, renderMetrics } from '../../../src/reports/metrics.ts';
import type { RunRecord } from '../../../src/reports/run-record.ts';
import { eventfulRecord, imageRecord, recordOf } from '../../support/run-record.ts';

const MAP = 's3://acme-sdr/sdr/image-map.yaml';

/** Values by series, without the label all of them share. */
function valuesOf(record: RunRecord): Readonly<Record<string, number>> {
  const lines = renderMetrics(record)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const [series = '', value] = line.split(/ (?=[^ ]+$)/);
      const name = series.replace(`map="${MAP}"`, '').replace('{,', '{').replace('{}', '');
      return [name.replace('sdr_mirror_', ''), Number(value)];
    }),
  );
}

test('a run in numbers', () => {
  const values = valuesOf(eventfulRecord());
  const codes = Object.keys(values).filter((name) => name.startsWith('failures'));
  assert.deepEqual(
    codes.toSorted(),
    FAILURE_CODES.map((code) => `failures{code="${code}"}`).toSorted(),
  );
  const rest = Object.entries(values).filter(([name]) => !name.startsWith('failures'));
  assert.deepEqual(Object.fromEntries(rest), {
    last_run_timestamp_seconds: Date.UTC(2026, 2, 1, 6, 0, 42) / 1000,
    last_success_timestamp_seconds: Date.UTC(2026, 1, 28, 22, 0, 31) / 1000,
    failing_since_timestamp_seconds: Date.UTC(2026, 1, 28, 23) / 1000,
    'last_run_outcome{outcome="succeeded"}': 0,
    'last_run_outcome{outcome="failed"}': 1,
    'last_run_outcome{outcome="interrupted"}': 0,
    last_run_exit_code: 4,
    last_run_duration_seconds: 42,
    'images{outcome="mirrored"}': 2,
    'images{outcome="recorded"}': 1,
    'images{outcome="unchanged"}': 3,
    'images{outcome="planned"}': 0,
    'images{outcome="pending"}': 1,
    'images{outcome="failed"}': 2,
    'images{outcome="interrupted"}': 0,
    unverified_images: 0,
    copied_bytes: 643_345_678,
    requests: 135,
    map_changed: 1,
    'build_info{version="0.1.0"}': 1,
  });
});

const error = (code: string): NonNullable<RunRecord['error']> => ({
  code,
  message: 'why',
  retryable: true,
});

test('failures are counted by code, whatever they are of', () => {
  const values = valuesOf(
    recordOf(
      [
        imageRecord('a:1', { outcome: 'failed', error: error('SIGNATURE_MISSING') }),
        imageRecord('b:1', { outcome: 'pending', error: error('SIGNATURE_MISSING') }),
        imageRecord('c:1', { outcome: 'failed', error: error('NEW_AND_UNKNOWN') }),
      ],
      {
        error: error('RELEASES_UNAVAILABLE'),
        map: { location: MAP, changed: false, error: error('MAP_CONFLICT') },
      },
    ),
  );
  const counted = Object.entries(values).filter(
    ([name, value]) => name.startsWith('failures') && value > 0,
  );
  assert.deepEqual(Object.fromEntries(counted), {
    'failures{code="SIGNATURE_MISSING"}': 1,
    'failures{code="UNEXPECTED"}': 1,
    'failures{code="RELEASES_UNAVAILABLE"}': 1,
    'failures{code="MAP_CONFLICT"}': 1,
  });
});

test('all is in the format of Prometheus, without the timestamps that node_exporter refuses', () => {
  const text = renderMetrics(eventfulRecord());
  assert.ok(text.endsWith('\n'));
  const label = String.raw`[a-z_]+="(?:[^"\\\n]|\\["\\n])*"`;
  const sample = new RegExp(String.raw`^[a-z_]+\{${label}(?:,${label})*\} -?\d+(?:\.\d+)?$`);
  const seen = new Set<string>();
  let family = '';
  for (const line of text.trimEnd().split('\n')) {
    const [, comment, name = ''] = /^# (HELP|TYPE) (\w+) ./.exec(line) ?? [];
    if (comment === 'HELP') {
      assert.ok(!seen.has(name), `${name} is there once`);
      seen.add(name);
      family = name;
    } else if (comment === 'TYPE') {
      assert.equal(line, `# TYPE ${family} gauge`);
    } else {
      assert.match(line, sample);
      assert.ok(line.startsWith(`${family}{`), line);
    }
  }
});

test('a location cannot end its label', () => {
  const location = 'file:/a"} 1\nevil{x="\\';
  const text = renderMetrics(recordOf([], { map: { location, changed: false } }));
  assert.match(text, /\{map="file:\/a\\"\} 1\\nevil\{x=\\"\\\\"\} /);
  assert.doesNotMatch(text, /^evil/m);
  assert.equal(parseEarlierMetrics(text, location)?.lastSuccessAt, '2026-03-01T06:00:42.000Z');
});

test('what was remembered is read again from the file', () => {
  const failed = renderMetrics(eventfulRecord());
  assert.deepEqual(parseEarlierMetrics(failed, MAP), {
    lastSuccessAt: '2026-02-28T22:00:31.000Z',
    failingSince: '2026-02-28T23:00:00.000Z',
    evidence: [],
  });
  assert.deepEqual(parseEarlierMetrics(renderMetrics(recordOf([])), MAP), {
    lastSuccessAt: '2026-03-01T06:00:42.000Z',
    evidence: [],
  });
});

test('a file of another map, or of anything else, remembers nothing', () => {
  const text = renderMetrics(recordOf([]));
  assert.equal(parseEarlierMetrics(text, 's3://acme-sdr/other.yaml'), undefined);
  for (const other of ['', 'nonsense', '\0', '{}']) {
    assert.equal(parseEarlierMetrics(other, MAP), undefined);
  }
  const broken = text.replaceAll(/(last_success\S+) \S+/g, '$1 NaN');
  assert.deepEqual(parseEarlierMetrics(broken, MAP), { evidence: [] });
});
