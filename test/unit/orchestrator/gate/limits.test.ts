import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateLimits } from '../../../../src/orchestrator/gate/limits.ts';

const POLICY = { probe: undefined, settleSeconds: 10, timeoutSeconds: undefined } as const;
const check = {
  test: ['CMD', 'true'],
  intervalMs: 30_000,
  timeoutMs: 30_000,
  startPeriodMs: 0,
  retries: 3,
};

test('the timeout follows from the health check: start, retries, and half a minute', () => {
  const limits = gateLimits({ health: 'starting', healthCheck: check }, POLICY);
  assert.deepEqual(limits, { settleMs: 10_000, timeoutMs: 220_000, pollMs: 1000 });
});

test('it is a minute at least and ten at most, and then the settle time', () => {
  const quick = { ...check, intervalMs: 1000, timeoutMs: 1000 };
  assert.equal(gateLimits({ health: 'starting', healthCheck: quick }, POLICY).timeoutMs, 70_000);
  const slow = { ...check, startPeriodMs: 3_600_000 };
  assert.equal(gateLimits({ health: 'starting', healthCheck: slow }, POLICY).timeoutMs, 610_000);
});

test('what is configured goes before', () => {
  const policy = { ...POLICY, timeoutSeconds: 900 };
  assert.equal(gateLimits({ health: 'starting', healthCheck: check }, policy).timeoutMs, 900_000);
});

test('without anything to judge by it must run twice as long', () => {
  assert.equal(gateLimits({ health: 'none', healthCheck: undefined }, POLICY).settleMs, 20_000);
});
