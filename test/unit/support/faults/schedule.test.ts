import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RETRY_AFTER, retryAfterHeader, type Role } from '../../../support/faults/fault.ts';
import { Schedule } from '../../../support/faults/schedule.ts';
import { parseRetryAfter } from '../../../../src/registry/http/retry-after.ts';

const PATHS = [
  '/v2/app/manifests/1.0',
  '/v2/app/blobs/<app:1.0 1>',
  '/v2/app/blobs/uploads/SESSION',
];
const REQUESTS = Array.from({ length: 60 }, (_, index) => {
  const role: Role = index % 2 === 0 ? 'source' : 'target';
  const method = ['GET', 'HEAD', 'PUT'][index % 3] ?? 'GET';
  return [role, method, PATHS[Math.floor(index / 3) % PATHS.length] ?? ''] as const;
});

function faultsOf(seed: number, requests: typeof REQUESTS): readonly string[] {
  const schedule = new Schedule(seed);
  for (const request of requests) schedule.faultFor(...request);
  return schedule.injected
    .map(({ request, fault }) => `${request} ${JSON.stringify(fault)}`)
    .toSorted((a, b) => a.localeCompare(b));
}

test('a seed does the same harm to the same requests, in whatever order they come', () => {
  // 7, 15, …: a storm counts requests, whatever they are.
  for (const seed of [0, 1, 2, 3, 4, 5, 6, 8]) {
    assert.deepEqual(faultsOf(seed, REQUESTS), faultsOf(seed, REQUESTS.toReversed()));
  }
});

test('every kind of fault comes up in the schedules of the integration suite', () => {
  const kinds = new Set(
    Array.from({ length: 200 }, (_, seed) => {
      const schedule = new Schedule(seed);
      for (const request of REQUESTS) schedule.faultFor(...request);
      schedule.nameFaultFor('source.example');
      schedule.removes('vendor/app1:1.0', 'written');
      return schedule.injected.map(({ fault }) => fault.kind);
    }).flat(),
  );
  assert.deepEqual(
    [...kinds].toSorted((a, b) => a.localeCompare(b)),
    [
      'corrupt',
      'dns',
      'dribble',
      'error',
      'expire',
      'latency',
      'limit',
      'redirect',
      'removal',
      'reset',
      'stall',
      'truncate',
    ],
  );
});

test('nothing goes wrong once a schedule is over', () => {
  const schedule = new Schedule(3);
  schedule.end();
  for (const request of REQUESTS) assert.equal(schedule.faultFor(...request), undefined);
  assert.equal(schedule.nameFaultFor('source.example'), undefined);
});

test('a wait is asked for in every form that is understood, and in some that are not', () => {
  const now = Date.UTC(2026, 0, 1);
  const waits = RETRY_AFTER.map((form) => [
    form,
    parseRetryAfter(retryAfterHeader(form, now), now),
  ]);
  assert.deepEqual(Object.fromEntries(waits), {
    absent: undefined,
    empty: undefined,
    seconds: 2000,
    zero: 0,
    fraction: 500,
    negative: undefined,
    words: undefined,
    date: 2000,
    'past date': 0,
    'unix seconds': 2000,
    'unix milliseconds': 2000,
  });
});
