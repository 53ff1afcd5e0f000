import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, type LogRecord } from '../../../../src/log.ts';
import { ControlPlaneError } from '../../../../src/errors.ts';
import { StatusBoard } from '../../../../src/orchestrator/temporal/status-board.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';

function board(): { board: StatusBoard; clock: FakeClock; lines: LogRecord[] } {
  const clock = new FakeClock();
  const lines: LogRecord[] = [];
  return {
    board: new StatusBoard(
      clock,
      createLogger((line) => lines.push(line)),
    ),
    clock,
    lines,
  };
}

test('tells since when it is so, and when the server last answered', () => {
  const { board: status, clock } = board();
  status.connecting();
  clock.advance(1_000);
  status.polling();
  clock.advance(60_000);
  status.polling();
  assert.deepEqual(status.current, {
    state: 'polling',
    since: '2026-01-01T00:00:01.000Z',
    lastContact: '2026-01-01T00:01:01.000Z',
  });
  clock.advance(1_000);
  status.failed(new ControlPlaneError('TEMPORAL_UNREACHABLE', 'gone'));
  assert.deepEqual(status.current, {
    state: 'unreachable',
    since: '2026-01-01T00:01:02.000Z',
    lastContact: '2026-01-01T00:01:01.000Z',
    reason: 'gone',
  });
});

test('credentials that are not accepted are told from a server that is away', () => {
  const { board: status } = board();
  for (const [code, state] of [
    ['TOKEN_REFUSED', 'refused'],
    ['TEMPORAL_REFUSED', 'refused'],
    ['TOKEN_UNAVAILABLE', 'unreachable'],
  ] as const) {
    status.failed(new ControlPlaneError(code, code));
    assert.equal(status.current.state, state);
  }
});

test('trying again does not take the reason off the board', () => {
  const { board: status } = board();
  status.failed(new Error('gone'));
  status.connecting();
  assert.equal(status.current.state, 'unreachable');
  assert.equal(status.current.reason, 'gone');
});

test('a failure is logged when it is news, not every time', () => {
  const { board: status, lines } = board();
  status.failed(new Error('gone'));
  status.failed(new Error('gone'));
  status.failed(new Error('name does not resolve'));
  status.polling();
  status.polling();
  status.failed(new Error('gone'));
  assert.deepEqual(
    lines.map(({ level, fields }) => [level, fields['reason']]),
    [
      ['warn', 'gone'],
      ['warn', 'name does not resolve'],
      ['info', undefined],
      ['warn', 'gone'],
    ],
  );
});
