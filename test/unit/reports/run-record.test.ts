import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RunReport } from '../../../src/mirror/report.ts';
import type { Evidence } from '../../../src/reports/evidence.ts';
import { recordRun, type EarlierRun, type RunRecord } from '../../../src/reports/run-record.ts';
import { StepTimes } from '../../../src/reports/step-times.ts';
import {
  digestFor,
  evidenceFor,
  imageRecord,
  mirroredRecord,
  recordOf,
  STARTED_AT,
  verificationOf,
} from '../../support/run-record.ts';

const ENDED_AT = '2026-03-01T06:00:42.000Z';
const BEFORE = '2026-02-28T06:00:00.000Z';
const LONG_BEFORE = '2026-02-20T06:00:00.000Z';

function record(
  report: RunReport,
  ended: {
    readonly failed?: boolean;
    readonly error?: unknown;
    readonly earlier?: Partial<EarlierRun>;
  } = {},
): RunRecord {
  const { failed = false, error, earlier } = ended;
  return recordRun(
    { report, failed, exitCode: failed ? 3 : 0, error },
    {
      version: '0.1.0',
      times: new StepTimes(() => 0),
      earlier: earlier && { evidence: [], ...earlier },
    },
  );
}

describe('what is remembered of successes and failures', () => {
  const failing = { lastSuccessAt: LONG_BEFORE, failingSince: BEFORE };
  for (const [name, ended, expected] of [
    ['a first success', {}, { outcome: 'succeeded', lastSuccessAt: ENDED_AT }],
    ['a first failure', { failed: true }, { outcome: 'failed', failingSince: STARTED_AT }],
    [
      'a success after a success',
      { earlier: { lastSuccessAt: BEFORE } },
      { outcome: 'succeeded', lastSuccessAt: ENDED_AT },
    ],
    [
      'a failure after a success: the success does not move',
      { failed: true, earlier: { lastSuccessAt: BEFORE } },
      { outcome: 'failed', lastSuccessAt: BEFORE, failingSince: STARTED_AT },
    ],
    [
      'a failure after a failure: the first counts',
      { failed: true, earlier: failing },
      { outcome: 'failed', ...failing },
    ],
    [
      'a success after failures',
      { earlier: failing },
      { outcome: 'succeeded', lastSuccessAt: ENDED_AT, recoveredFrom: BEFORE },
    ],
    [
      'an interruption changes neither',
      { interrupted: true, earlier: failing },
      { outcome: 'interrupted', ...failing },
    ],
    [
      'a failure before an interruption is a failure',
      { interrupted: true, failed: true },
      { outcome: 'failed', failingSince: STARTED_AT },
    ],
  ] as const) {
    test(name, () => {
      const { interrupted, ...rest } = { interrupted: false, ...ended };
      const { lastSuccessAt: _, ...report } = recordOf([], { interrupted });
      const { outcome, lastSuccessAt, failingSince, recoveredFrom } = record(report, rest);
      const known = Object.entries({ outcome, lastSuccessAt, failingSince, recoveredFrom });
      assert.deepEqual(
        Object.fromEntries(known.filter(([, value]) => value !== undefined)),
        expected,
      );
    });
  }
});

describe('evidence', () => {
  const kept = imageRecord('kept:1');
  const earlier: Evidence = evidenceFor(kept, {
    at: BEFORE,
    verification: verificationOf('kept:1'),
  });

  test('of what this run brought is its own', () => {
    const mirrored = mirroredRecord('new:1', { startMs: 0, durationMs: 1, bytes: 1 });
    const { verification: _, ...bare } = mirrored;
    const unverified = {
      ...bare,
      target: 'registry.example/b:1',
      unverified: 'verify.mode is off',
    };
    const { evidence } = record(recordOf([mirrored, unverified]));
    assert.deepEqual(evidence, [
      evidenceFor(mirrored, { at: STARTED_AT }),
      {
        target: 'registry.example/b:1',
        digest: digestFor('new:1'),
        at: STARTED_AT,
        unverified: 'verify.mode is off',
        platforms: ['linux/amd64', 'linux/arm64'],
        size: 2,
      },
    ]);
  });

  test('of a rewritten index is by the digest that later runs find there', () => {
    const mirrored = mirroredRecord('new:1', { startMs: 0, durationMs: 1, bytes: 1 });
    const rewritten = { from: digestFor('new:1'), to: digestFor('rewritten') };
    const first = record(recordOf([{ ...mirrored, copy: { ...mirrored.copy!, rewritten } }]));
    const later = imageRecord('new:1', { digest: rewritten.to });
    const { evidence } = record(recordOf([later]), { earlier: first });
    assert.deepEqual(
      evidence.map(({ digest, verification }) => [digest, verification?.digest]),
      [[rewritten.to, rewritten.from]],
    );
  });

  for (const [name, image, expected] of [
    ['of an image that is kept comes from before', kept, [earlier]],
    ['of other bytes is none', { ...kept, digest: digestFor('other') }, []],
    ['of another place is none', { ...kept, target: 'registry.example/else:1' }, []],
    ['outlasts a failure to look', imageRecord('kept:1', { outcome: 'failed' }), [earlier]],
    ['outlasts an interruption', imageRecord('kept:1', { outcome: 'interrupted' }), [earlier]],
  ] as const) {
    test(name, () => {
      const report = recordOf([image]);
      assert.deepEqual(record(report, { earlier: { evidence: [earlier] } }).evidence, expected);
    });
  }

  test('outlasts a run that could not start, and goes with what is no longer announced', () => {
    const error = new Error('no releases');
    const failed = record(recordOf([]), { failed: true, error, earlier: { evidence: [earlier] } });
    assert.deepEqual(failed.evidence, [earlier]);
    assert.equal(failed.error?.code, 'UNEXPECTED');
    assert.deepEqual(record(recordOf([]), { earlier: { evidence: [earlier] } }).evidence, []);
  });
});
