import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parse, safeParse } from 'valibot';
import { reportSchema } from '../../../scripts/report-schema.ts';
import { runRecordSchema } from '../../../src/reports/record-schema.ts';
import { emptyReport, recordRun, type RunRecord } from '../../../src/reports/run-record.ts';
import { StepTimes } from '../../../src/reports/step-times.ts';
import { RegistryError } from '../../../src/errors.ts';
import {
  eventfulRecord,
  imageRecord,
  mirroredRecord,
  recordOf,
  STARTED_AT,
  verificationOf,
} from '../../support/run-record.ts';

const FILE = join(import.meta.dirname, '../../../report.schema.json');

const ajv = new Ajv({
  allErrors: true,
  strict: false,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT/ },
});
const validate = ajv.compile(reportSchema() as object);

function throughJson(record: RunRecord): unknown {
  return JSON.parse(JSON.stringify(record));
}

const { signer, foundAt, signedAt, logIndex, format } = verificationOf('x');
const evidence = { signer, foundAt, signedAt, logIndex, format };

const records: Readonly<Record<string, RunRecord>> = {
  'everything at once': eventfulRecord(),
  'nothing announced': recordOf([]),
  'several signers and attestations': recordOf([
    mirroredRecord(
      'a:1',
      { startMs: 0, durationMs: 10, bytes: 1 },
      {
        verification: verificationOf('a:1', {
          coSignatures: [evidence],
          attestations: [{ ...evidence, predicateType: 'https://slsa.dev/provenance/v1' }],
        }),
      },
    ),
  ]),
  'no log entry': recordOf([
    imageRecord('a:1', {
      verification: verificationOf('a:1', { signedAt: undefined, logIndex: undefined }),
    }),
  ]),
  'a run that could not start': recordRun(
    {
      report: emptyReport({
        startedAt: STARTED_AT,
        durationMs: 3,
        interrupted: false,
        until: 'publish',
        verify: 'enforce',
        releases: 'https://acme.atlan.com',
        map: 'file:/map.yaml',
      }),
      failed: true,
      exitCode: 3,
      error: new RegistryError('REGISTRY_UNAVAILABLE', '503'),
    },
    { version: '0.1.0', times: new StepTimes(() => 0), earlier: undefined },
  ),
};

for (const [name, record] of Object.entries(records)) {
  test(`the schema describes all of a report: ${name}`, () => {
    assert.ok(validate(throughJson(record)), ajv.errorsText(validate.errors));
    // What the schema does not know would be missing here.
    assert.equal(
      JSON.stringify(sorted(parse(runRecordSchema, throughJson(record)))),
      JSON.stringify(sorted(throughJson(record))),
    );
  });
}

test('a report that is none is refused by both', () => {
  const record = throughJson(eventfulRecord()) as Record<string, unknown>;
  for (const change of [
    { schemaVersion: 2 },
    { outcome: 'fine' },
    { images: [{ image: 'a' }] },
    { totals: {} },
    { startedAt: 'yesterday' },
    { evidence: undefined },
  ]) {
    const wrong = JSON.parse(JSON.stringify({ ...record, ...change })) as unknown;
    assert.equal(validate(wrong), false, JSON.stringify(change));
    assert.equal(safeParse(runRecordSchema, wrong).success, false, JSON.stringify(change));
  }
});

test('a later version may add fields', () => {
  const record = { ...(throughJson(eventfulRecord()) as object), weather: 'fine' };
  assert.ok(validate(record));
  assert.ok(safeParse(runRecordSchema, record).success);
});

test('report.schema.json is that of the validator', async () => {
  const shipped = JSON.parse(await readFile(FILE, 'utf8')) as unknown;
  const made = JSON.parse(JSON.stringify(reportSchema())) as unknown;
  assert.deepEqual(shipped, made, 'run: node scripts/generate-schema.ts');
});

/** With keys in order, as the validator gives them in another. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => a.localeCompare(b));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
