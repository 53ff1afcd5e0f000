import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { test } from 'node:test';
import { Bandwidth } from '../../../../src/registry/http/bandwidth.ts';
import type { Clock } from '../../../../src/registry/http/clock.ts';
import { seededBytes } from '../../../support/images.ts';
import { describe } from '../../../support/quirk-world.ts';
import { openRegistries } from '../../../support/scripted-registries.ts';
import { startScripted, type ScriptedAnswer } from '../../../support/scripted-server.ts';

const MB = 1_000_000;
const PIECE = 100_000;

/** A clock on which time passes when all who could go on are asleep. */
class SleepersClock implements Clock {
  #now = 0;
  readonly #sleepers: { readonly until: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  random(): number {
    return 0.5;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    this.#sleepers.push({ until: this.#now + ms, wake: resolve });
    setImmediate(() => this.#wakeFirst());
    return promise;
  }

  #wakeFirst(): void {
    this.#sleepers.sort((a, b) => a.until - b.until);
    const first = this.#sleepers.shift();
    if (first === undefined) return;
    this.#now = Math.max(this.#now, first.until);
    first.wake();
  }
}

function pieces(count: number, size: number = PIECE): Readable {
  return Readable.from(
    (function* () {
      for (let left = count; left > 0; left -= 1) yield Buffer.alloc(size, left);
    })(),
    { objectMode: false },
  );
}

async function drain(
  stream: Readable,
  onBytes: (bytes: number) => void = () => {},
): Promise<number> {
  let total = 0;
  for await (const chunk of stream) {
    total += (chunk as Buffer).byteLength;
    onBytes(total);
  }
  return total;
}

test('all streams together get the bandwidth, and not more', async () => {
  for (const streams of [1, 4, 16]) {
    const clock = new SleepersClock();
    const bandwidth = new Bandwidth(MB, clock);
    const each = 160 / streams;
    const totals = await Promise.all(
      Array.from({ length: streams }, async () => drain(bandwidth.throttle(pieces(each)))),
    );
    assert.deepEqual(
      totals,
      totals.map(() => each * PIECE),
    );
    // 16 MB at 1 MB/s, less what may go at once.
    assert(Math.abs(clock.now() - 16_000) <= 101, `${streams} streams took ${clock.now()} ms`);
  }
});

test('no stream is ahead of another by more than its turn', async () => {
  const bandwidth = new Bandwidth(MB, new SleepersClock());
  const got = [0, 0, 0, 0];
  let furthest = 0;
  await Promise.all(
    got.map(async (_, index) =>
      drain(bandwidth.throttle(pieces(40)), (bytes) => {
        got[index] = bytes;
        if (Math.max(...got) < 40 * PIECE) {
          furthest = Math.max(furthest, Math.max(...got) - Math.min(...got));
        }
      }),
    ),
  );
  assert(furthest <= 2 * PIECE, `one was ahead by ${furthest} bytes`);
});

test('what comes late gets its share at once', async () => {
  const clock = new SleepersClock();
  const bandwidth = new Bandwidth(MB, clock);
  const long = drain(bandwidth.throttle(pieces(100)));
  await clock.sleep(5000);
  const begun = clock.now();
  await drain(bandwidth.throttle(pieces(10)));
  // 1 MB at half the line, while the long one has the other half.
  assert(clock.now() - begun <= 2400, `took ${clock.now() - begun} ms`);
  await long;
});

test('a silence is no saving', async () => {
  const clock = new SleepersClock();
  const bandwidth = new Bandwidth(MB, clock);
  await drain(bandwidth.throttle(pieces(1)));
  await clock.sleep(60_000);
  const begun = clock.now();
  await drain(bandwidth.throttle(pieces(20)));
  assert(clock.now() - begun >= 1899, `2 MB took ${clock.now() - begun} ms`);
});

test('bytes, order and the failure are those of the stream', async () => {
  const bandwidth = new Bandwidth(MB, new SleepersClock());
  const chunks: Buffer[] = [];
  for await (const chunk of bandwidth.throttle(pieces(3, 1000))) chunks.push(chunk as Buffer);
  assert.deepEqual(
    Buffer.concat(chunks),
    Buffer.concat([3, 2, 1].map((value) => Buffer.alloc(1000, value))),
  );
  const failing = bandwidth.throttle(
    Readable.from(
      (function* () {
        yield Buffer.alloc(10);
        throw new Error('cut off');
      })(),
      { objectMode: false },
    ),
  );
  await assert.rejects(drain(failing), /cut off/);
});

test('a stream that nobody wants any more ends its source, and waits no longer', async () => {
  let isAwake = false;
  const clock: Clock = {
    now: () => 0,
    random: () => 0,
    sleep: async (_ms, signal) => {
      await once(signal ?? assert.fail(), 'abort');
      isAwake = true;
      throw signal?.reason;
    },
  };
  const source = pieces(10);
  const throttled = new Bandwidth(1000, clock).throttle(source);
  throttled.resume();
  await once(source, 'data');
  const failure = new Error('enough');
  throttled.destroy(failure);
  const [error] = (await once(throttled, 'error')) as [Error];
  assert.equal(error, failure);
  assert.equal(isAwake, true);
  await finished(source).catch((reason: unknown) => assert.equal(reason, failure));
});

test('the blobs of all registries of a run share one line', async (t) => {
  const content = seededBytes('limited', 2 * MB);
  const script = (): ScriptedAnswer => ({ status: 200, body: content });
  const servers = [await startScripted(t, script), await startScripted(t, script)];
  const hosts = Object.fromEntries(servers.map(({ host }) => [host, {}]));
  const { source, clock } = openRegistries(t, hosts, { bandwidth: MB });
  const begun = clock.now();
  const blobs = await Promise.all(
    servers.map(async ({ host }) => {
      const repository = { registry: host, repository: 'acme/app' };
      return buffer(await source.openBlob(repository, describe(content)));
    }),
  );
  for (const blob of blobs) assert.deepEqual(blob, content);
  // 4 MB at 1 MB/s, less what may go at once.
  assert(clock.now() - begun >= 3899, `took ${clock.now() - begun} ms`);
});
