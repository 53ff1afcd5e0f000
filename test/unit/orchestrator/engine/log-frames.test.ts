import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLine } from '../../../../src/orchestrator/engine/container.ts';
import { logLines, terminalLines } from '../../../../src/orchestrator/engine/log-frames.ts';
import { linesOf } from '../../../../src/orchestrator/engine/lines.ts';

const TIME = '2026-01-02T03:04:05.678901234Z';
const at = Date.parse(TIME);

function frame(stream: 1 | 2, text: string): Buffer {
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

/** The bytes in pieces of a size: an engine may send them in any. */
async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) {
    yield bytes.subarray(start, start + size);
  }
}

async function all(lines: AsyncIterable<LogLine>): Promise<readonly LogLine[]> {
  const result: LogLine[] = [];
  for await (const line of lines) result.push(line);
  return result;
}

test('lines come out whole, however the bytes come in', async () => {
  const bytes = Buffer.concat([frame(1, `${TIME} grüße 🚀\n`), frame(2, `${TIME} two words\n`)]);
  for (const size of [1, 7, 8, 9, bytes.length]) {
    assert.deepEqual(await all(logLines(inPieces(bytes, size))), [
      { stream: 'stdout', at, text: 'grüße 🚀' },
      { stream: 'stderr', at, text: 'two words' },
    ]);
  }
});

test('a line in several frames is one, also with the other stream between', async () => {
  const bytes = Buffer.concat([
    frame(1, `${TIME} begin `),
    frame(2, `${TIME} other\n`),
    frame(1, `${TIME} end\n`),
    frame(1, `${TIME} without end`),
  ]);
  assert.deepEqual(
    (await all(logLines(inPieces(bytes, 1_000)))).map(({ text }) => text),
    ['other', 'begin end', 'without end'],
  );
});

test('a line without end is cut, and an empty one is kept', async () => {
  const long = 'x'.repeat(100_000);
  const bytes = Buffer.concat([frame(1, `${TIME} ${long}\n`), frame(1, `${TIME} \n`)]);
  const [first, second] = await all(logLines(inPieces(bytes, 10_000)));
  assert.equal(first?.text.length, 16 * 1024 + 1);
  assert.equal(second?.text, '');
});

test('a log with a terminal has lines and no frames', async () => {
  const bytes = Buffer.from(`${TIME} one\r\n${TIME} two\r\n`);
  assert.deepEqual(await all(terminalLines(linesOf(inPieces(bytes, 5)))), [
    { stream: 'stdout', at, text: 'one' },
    { stream: 'stdout', at, text: 'two' },
  ]);
});

test('what is no log is no endless buffer', async () => {
  const bytes = Buffer.from('HTTP/1.1 200 OK');
  await assert.rejects(all(logLines(inPieces(bytes, 100))), /not in frames/);
});
