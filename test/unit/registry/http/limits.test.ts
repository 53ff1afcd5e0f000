import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, type LogRecord } from '../../../../src/log.ts';
import { HostBudget, PausedTooLongError } from '../../../../src/registry/http/limits.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';

function setUp(window = 8): {
  readonly budget: HostBudget;
  readonly clock: FakeClock;
  readonly records: LogRecord[];
} {
  const clock = new FakeClock();
  const records: LogRecord[] = [];
  const logger = createLogger((record) => records.push(record));
  const budget = new HostBudget('registry.example', {
    clock,
    logger,
    window,
    maxPauseMs: 900_000,
  });
  return { budget, clock, records };
}

test('no more requests than the window are in flight', async () => {
  const { budget } = setUp(2);
  const first = await budget.enter();
  await budget.enter();
  let entered = 0;
  const enter = async (): Promise<void> => {
    await budget.enter();
    entered += 1;
  };
  const third = enter();
  await new Promise(setImmediate);
  assert.equal(entered, 0);
  first.release();
  first.release(); // a second release must not make room for another
  await third;
  void enter();
  await new Promise(setImmediate);
  assert.equal(entered, 1);
});

test('whoever gives up waiting takes no place with them', async () => {
  const { budget } = setUp(1);
  const holder = await budget.enter();
  const giveUp = new AbortController();
  const waiting = budget.enter(giveUp.signal);
  giveUp.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  holder.release();
  (await budget.enter()).release();
});

test('the window halves once for a burst of refusals, not once for each', async () => {
  const { budget } = setUp(8);
  const burst = await Promise.all(Array.from({ length: 8 }, async () => budget.enter()));
  for (const ticket of burst) {
    budget.refused(ticket, 1000, 'it answered 429');
    ticket.release();
  }
  assert.equal(budget.window, 4);
  const next = await budget.enter();
  budget.refused(next, 1000, 'it answered 429');
  assert.equal(budget.window, 2);
});

test('the window never closes and grows back slowly, up to where it began', async () => {
  const { budget } = setUp(4);
  for (let refusals = 0; refusals < 5; refusals += 1) {
    const ticket = await budget.enter();
    ticket.release();
    budget.refused(ticket, 1, 'it answered 429');
  }
  assert.equal(budget.window, 1);
  const windows: number[] = [];
  for (let served = 0; served < 12; served += 1) {
    const ticket = await budget.enter();
    ticket.release();
    budget.succeeded(ticket);
    windows.push(budget.window);
  }
  assert.deepEqual(windows, [2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4]);
});

test('a success from before the refusal does not widen the window', async () => {
  const { budget } = setUp(2);
  const early = await budget.enter();
  const refused = await budget.enter();
  budget.refused(refused, 1, 'it answered 429');
  early.release();
  refused.release();
  budget.succeeded(early);
  assert.equal(budget.window, 1);
});

test('a pause is waited out in full by everybody, and said once', async () => {
  const { budget, clock, records } = setUp();
  const started = clock.now();
  const ticket = await budget.enter();
  ticket.release();
  budget.refused(ticket, 120_000, 'it answered 429, too many requests');
  budget.refused(ticket, 60_000, 'it answered 429, too many requests');
  await Promise.all([budget.enter(), budget.enter(), budget.pass()]);
  assert.equal(clock.now() - started, 120_000);
  assert.equal(records.length, 1);
  assert.match(records[0]?.message ?? '', /pausing requests to registry\.example: it answered 429/);
  assert.equal(records[0]?.fields['seconds'], 120);
});

test('without a Retry-After the pause doubles with each refusal in a row', async () => {
  const { budget, clock } = setUp();
  for (let refusals = 0; refusals < 3; refusals += 1) {
    const ticket = await budget.enter();
    ticket.release();
    budget.refused(ticket, undefined, 'it answered 429');
  }
  await budget.enter();
  assert.deepEqual(clock.sleeps, [750, 1500, 3000]);
});

test('refusals of one burst that name no wait guess once', async () => {
  const { budget, clock } = setUp();
  const burst = await Promise.all([budget.enter(), budget.enter()]);
  for (const ticket of burst) {
    budget.refused(ticket, undefined, 'it answered 429');
    clock.advance(100);
    ticket.release();
  }
  await budget.enter();
  assert.deepEqual(clock.sleeps, [550]);
});

test('a pause nobody waits for fails, now and until it is over', async () => {
  const { budget, clock } = setUp();
  const ticket = await budget.enter();
  ticket.release();
  budget.refused(ticket, 6 * 3_600_000, 'it answered 429');
  await assert.rejects(budget.enter(), (error) => {
    assert(error instanceof PausedTooLongError);
    assert.match(error.message, /registry\.example asks to wait until 2026-01-01T06:00:00/);
    return true;
  });
  assert.deepEqual(clock.sleeps, []);
  clock.advance(6 * 3_600_000);
  (await budget.enter()).release();
});

test('a failed entry leaves its place to others', async () => {
  const { budget, clock } = setUp(1);
  const ticket = await budget.enter();
  ticket.release();
  budget.refused(ticket, 3_600_000, 'it answered 429');
  await assert.rejects(budget.enter(), PausedTooLongError);
  clock.advance(3_600_000);
  (await budget.enter()).release();
});
