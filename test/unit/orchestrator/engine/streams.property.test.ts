/** What an engine streams may be cut at any byte, come in any pieces, and hold anything. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EngineError } from '../../../../src/errors.ts';
import { silentLogger } from '../../../../src/log.ts';
import type { ContainerEvent } from '../../../../src/orchestrator/engine/container.ts';
import { engineMessage } from '../../../../src/orchestrator/engine/engine-failures.ts';
import { eventsForEver } from '../../../../src/orchestrator/engine/event-stream.ts';
import { linesOf } from '../../../../src/orchestrator/engine/lines.ts';
import { logLines, terminalLines } from '../../../../src/orchestrator/engine/log-frames.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';

const MAX_LINE_LENGTH = 1024 * 1024;
const TIME = '2026-01-02T03:04:05.678901234Z';

/** The bytes in the pieces that these cuts make of them. */
async function* inPieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const places = cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b);
  const ends = [...places, bytes.length];
  for (const [index, end] of ends.entries()) yield bytes.subarray(ends[index - 1] ?? 0, end);
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
}

const cuts = fc.array(fc.nat(), { maxLength: 6 });
const text = fc.string({
  unit: fc.constantFrom('a', ' ', 'ü', '🚀', '\r', '\u0000'),
  maxLength: 8,
});

test('lines are the same, whatever the pieces they come in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text), fc.boolean(), cuts, async (lines, isEnded, where) => {
      const bytes = Buffer.from(lines.join('\n') + (isEnded ? '\n' : ''));
      const expected = lines.filter((line) => line.trim() !== '');
      assert.deepEqual(await all(linesOf(inPieces(bytes, where))), expected);
    }),
    { numRuns: 60 },
  );
});

test('a line without end takes no more memory than a long one', async () => {
  const piece = Buffer.alloc(256 * 1024, 'x');
  const endless = async function* (): AsyncGenerator<Buffer> {
    for (let count = 0; count < 40; count += 1) yield piece;
    yield Buffer.from('\nnext\n');
  };
  const [line, next, ...more] = await all(linesOf(endless()));
  assert.equal(line?.length, MAX_LINE_LENGTH);
  assert.deepEqual([next, more], ['next', []]);
  const [shown] = await all(terminalLines(linesOf(endless())));
  assert.equal(shown?.text.length, 16 * 1024 + 1);
});

test('a log cut anywhere gives the lines before the cut, and what is no log is refused as such', async () => {
  const frame = fc.record({ stream: fc.constantFrom(1, 2), text, isEnded: fc.boolean() });
  const garbage = fc.uint8Array({ maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { maxLength: 5 }),
      fc.option(garbage, { nil: new Uint8Array() }),
      fc.nat(),
      cuts,
      async (frames, tail, end, where) => {
        const whole = frames.map(({ stream, text: said, isEnded }) => {
          const body = Buffer.from(`${TIME} ${said}${isEnded ? '\n' : ''}`);
          const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, body.length]);
          return Buffer.concat([header, body]);
        });
        const bytes = Buffer.concat([...whole, tail]);
        const cut = bytes.subarray(0, bytes.length - (end % (bytes.length + 1)));
        try {
          const lines = await all(logLines(inPieces(cut, where)));
          assert.deepEqual(await all(logLines(inPieces(cut, []))), lines);
          assert.ok(lines.length <= frames.length + 1);
        } catch (error) {
          assert.ok(error instanceof EngineError, String(error));
        }
      },
    ),
    { numRuns: 100 },
  );
  const page = inPieces(Buffer.from('HTTP/1.1 200 OK'), []);
  await assert.rejects(all(logLines(page)), EngineError);
});

/** The events of streams that end one after the other, up to the gap that follows the last. */
async function eventsOf(streams: readonly AsyncIterable<Buffer>[]): Promise<ContainerEvent[]> {
  const left = [...streams];
  const stop = new AbortController();
  const open = async (): Promise<AsyncIterable<Buffer>> => {
    const next = left.shift();
    if (next === undefined) stop.abort();
    stop.signal.throwIfAborted();
    return next ?? inPieces(Buffer.alloc(0), []);
  };
  const events: ContainerEvent[] = [];
  const options = { labels: {}, clock: new FakeClock(), logger: silentLogger, signal: stop.signal };
  try {
    for await (const event of eventsForEver({ open, ...options })) events.push(event);
  } catch (error) {
    assert.equal(error, stop.signal.reason);
  }
  return events;
}

function event(Action: string): string {
  const Actor = { ID: 'i', Attributes: { name: 'grün' } };
  return `${JSON.stringify({ Action, Actor, time: 5 })}\n`;
}

test('events cut at any byte are told or are a gap, and nothing ends the listening', async () => {
  const written = Buffer.from([event('start'), event('die'), event('rename')].join(''));
  await fc.assert(
    fc.asyncProperty(fc.nat(written.length), cuts, async (end, where) => {
      const cut = inPieces(written.subarray(0, end), where);
      const events = await eventsOf([cut, inPieces(written, where)]);
      const kinds = events.map(({ kind }) => kind).join(' ');
      assert.match(
        kinds,
        /^(?:started )?(?:ended )?(?:renamed )?gap (?:gap )?started ended renamed$/,
      );
    }),
    { numRuns: 60 },
  );
});

test('any lines are events, a gap or nothing', async () => {
  const line = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .record({
        Action: fc.constantFrom('die', 'start', 1),
        Actor: fc.jsonValue(),
        time: fc.jsonValue(),
      })
      .map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 5 }), async (lines) => {
      const known = new Set(['started', 'ended', 'renamed', 'removed', 'gap']);
      const events = await eventsOf([inPieces(Buffer.from(lines.join('\n')), [])]);
      assert.ok(events.every(({ kind }) => known.has(kind)));
    }),
    { numRuns: 100 },
  );
});

test('whatever an engine answers in place of an error, there are words', () => {
  const message = fc
    .record({ message: fc.jsonValue(), cause: fc.jsonValue() })
    .map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(fc.oneof(message, fc.json(), fc.string()), (body) => {
      assert.equal(typeof engineMessage({ status: 500, headers: {}, body }), 'string');
    }),
  );
  assert.equal(engineMessage({ status: 500, headers: {}, body: 'null' }), 'null');
});
