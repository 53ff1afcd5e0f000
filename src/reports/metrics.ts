import type { ErrorReport } from '../mirror/report.ts';
import { FAILURE_CODES, failureCode } from './advice.ts';
import type { EarlierRun, RunRecord } from './run-record.ts';

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const LAST_SUCCESS = 'sdr_mirror_last_success_timestamp_seconds';
const FAILING_SINCE = 'sdr_mirror_failing_since_timestamp_seconds';
const OUTCOMES = ['succeeded', 'failed', 'interrupted'] as const;

/**
 * Metrics in Prometheus' text format, without timestamps, which node_exporter refuses. All are
 * gauges of one run: a job that ends cannot count. Every series has the map's location as a label,
 * so that several mirrors can share a folder of node_exporter.
 */
export function renderMetrics(record: RunRecord): string {
  const blocks = familiesOf(record).map(({ name, help, samples }) =>
    [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} gauge`,
      ...samples.map(({ labels, value }) => `${name}${labelText(record, labels)} ${value}`),
    ].join('\n'),
  );
  return `${blocks.join('\n')}\n`;
}

function labelText({ map }: RunRecord, labels: Sample['labels'] = {}): string {
  const all = [['map', map.location] as const, ...Object.entries(labels)];
  return `{${all.map(([name, text]) => `${name}="${escapeLabel(text)}"`).join(',')}}`;
}

/**
 * What a metrics file remembers of the run before.
 *
 * @param location - the map's; a file of another map's job says nothing
 */
export function parseEarlierMetrics(text: string, location: string): EarlierRun | undefined {
  const label = `{map="${escapeLabel(location)}"} `;
  const read = (name: string): string | undefined => {
    const line = text.split('\n').find((each) => each.startsWith(`${name}${label}`));
    const seconds = Number(line?.slice(name.length + label.length));
    // The last second a Date can hold.
    return seconds > 0 && seconds <= 8.64e12 ? new Date(seconds * 1000).toISOString() : undefined;
  };
  if (!text.includes(label)) return undefined;
  const lastSuccessAt = read(LAST_SUCCESS);
  const failingSince = read(FAILING_SINCE);
  return {
    ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }),
    ...(failingSince === undefined ? {} : { failingSince }),
    evidence: [],
  };
}

function familiesOf(record: RunRecord): readonly Family[] {
  const { totals, lastSuccessAt, failingSince, images } = record;
  const { bytes, requests, ...outcomes } = totals;
  const codes = failuresOf(record).map(({ code }) => failureCode(code));
  return [
    one('sdr_mirror_last_run_timestamp_seconds', 'When the latest run ended.', {
      value: seconds(record.finishedAt),
    }),
    {
      name: LAST_SUCCESS,
      help: 'When the latest run that succeeded ended. Does not move while runs fail.',
      samples: lastSuccessAt === undefined ? [] : [{ value: seconds(lastSuccessAt) }],
    },
    one(FAILING_SINCE, 'Start of the first of the failed runs in a row; 0 while all is well.', {
      value: failingSince === undefined ? 0 : seconds(failingSince),
    }),
    {
      name: 'sdr_mirror_last_run_outcome',
      help: 'How the latest run ended: 1 for the outcome it had, 0 for the others.',
      samples: OUTCOMES.map((outcome) => ({
        labels: { outcome },
        value: record.outcome === outcome ? 1 : 0,
      })),
    },
    one('sdr_mirror_last_run_exit_code', 'Exit code of the latest run.', {
      value: record.exitCode,
    }),
    one('sdr_mirror_last_run_duration_seconds', 'How long the latest run took.', {
      value: record.durationMs / 1000,
    }),
    {
      name: 'sdr_mirror_images',
      help: 'Images of the latest run by how they came out.',
      samples: Object.entries(outcomes).map(([outcome, value]) => ({ labels: { outcome }, value })),
    },
    {
      name: 'sdr_mirror_failures',
      help: 'Failures of the latest run by code; at least the map or the whole run where no image is.',
      samples: FAILURE_CODES.map((code) => ({
        labels: { code },
        value: codes.filter((each) => each === code).length,
      })),
    },
    one('sdr_mirror_unverified_images', 'Images mirrored without an accepted signature.', {
      value: images.filter(({ unverified }) => unverified !== undefined).length,
    }),
    one('sdr_mirror_copied_bytes', 'Bytes of blobs that the latest run sent to the target.', {
      value: bytes,
    }),
    one('sdr_mirror_requests', 'Requests that the latest run sent to registries for its images.', {
      value: requests,
    }),
    one('sdr_mirror_map_changed', 'Whether the latest run wrote the map.', {
      value: record.map.changed ? 1 : 0,
    }),
    one('sdr_mirror_build_info', 'Version of sdr-mirror; always 1.', {
      labels: { version: record.version },
      value: 1,
    }),
  ];
}

/** Every failure of a run: its own, the map's, its images'. Pending images are none. */
export function failuresOf({ error, map, images }: RunRecord): readonly ErrorReport[] {
  const failed = images.filter(({ outcome }) => outcome === 'failed');
  return [error, map.error, ...failed.map((image) => image.error)].filter(
    (each) => each !== undefined,
  );
}

function one(name: string, help: string, sample: Sample): Family {
  return { name, help, samples: [sample] };
}

function seconds(time: string): number {
  return Date.parse(time) / 1000;
}

function escapeLabel(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', '\\n');
}
