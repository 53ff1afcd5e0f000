import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '../../../../src/errors.ts';
import { createLogger, type LogRecord } from '../../../../src/log.ts';
import {
  HostGivenUpError,
  Outages,
  type HostWatch,
} from '../../../../src/registry/http/outages.ts';
import { digestOf, MediaType } from '../../../../src/registry/manifest.ts';
import { atTag, type TagReference } from '../../../../src/registry/reference.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';
import { openRegistries } from '../../../support/scripted-registries.ts';
import { startScripted, type ScriptedAnswer } from '../../../support/scripted-server.ts';

const HOST = 'registry.example';
const MINUTE = 60_000;
const REFUSED = new Error('connect ECONNREFUSED');

class World {
  readonly clock = new FakeClock();
  readonly records: LogRecord[] = [];
  readonly outages: Outages = new Outages({
    clock: this.clock,
    logger: createLogger((record) => this.records.push(record)),
    longestTryMs: 5 * MINUTE,
  });

  begin(path: string, host = HOST): HostWatch {
    const watch = this.outages.watch(new URL(`https://${HOST}${path}`));
    watch.toward(host);
    return watch;
  }

  /** A request with all its tries, which fail within so many milliseconds. */
  lose(path: string, tookMs: number, host = HOST): void {
    const watch = this.begin(path, host);
    for (let tries = 0; tries < 4; tries += 1) {
      this.clock.advance(tookMs / 4);
      watch.toward(host);
      watch.failed(REFUSED);
    }
    watch.end();
  }

  giveUp(): void {
    this.lose('/1', 3 * MINUTE);
    this.lose('/2', 3 * MINUTE);
    this.lose('/3', 1000);
  }
}

function isRefused(world: World, path = '/new', host = HOST): boolean {
  try {
    world.begin(path, host).end();
    return false;
  } catch (error) {
    assert(error instanceof HostGivenUpError);
    assert.equal(error.host, host);
    assert.equal(error.cause, REFUSED);
    return true;
  }
}

test('a host is given up on after five minutes and three lost requests, not before', () => {
  const short = new World();
  for (let path = 0; path < 100; path += 1) short.lose(`/${path}`, 2900);
  assert(!isRefused(short), 'a blip');

  const lonely = new World();
  lonely.lose('/1', 4 * MINUTE);
  for (let again = 0; again < 20; again += 1) lonely.lose('/2', MINUTE);
  assert(!isRefused(lonely), 'trouble that two requests have, however often');

  const down = new World();
  down.giveUp();
  assert(isRefused(down));
  assert(!isRefused(down, '/new', 'other.example'));
  assert.deepEqual(
    down.records.map(({ message }) => message),
    ['giving up on registry.example: connect ECONNREFUSED'],
  );
});

test('an answer in between makes the count start anew', () => {
  const world = new World();
  world.lose('/1', 4 * MINUTE);
  world.lose('/2', 4 * MINUTE);
  world.begin('/3').answered();
  world.lose('/4', 4 * MINUTE);
  world.lose('/5', 4 * MINUTE);
  assert(!isRefused(world));
  world.lose('/6', 4 * MINUTE);
  assert(isRefused(world));
});

test('requests that have tries left, or were given up for other reasons, are not counted', () => {
  const world = new World();
  for (let path = 0; path < 100; path += 1) {
    const watch = world.begin(`/${path}`);
    for (let tries = 0; tries < 3; tries += 1) {
      world.clock.advance(MINUTE);
      watch.failed(REFUSED);
    }
    watch.end();
  }
  assert(!isRefused(world));
});

test('what is under way keeps its patience, and its answer brings the host back', () => {
  const world = new World();
  const early = world.begin('/early');
  early.failed(REFUSED);
  world.giveUp();
  assert(isRefused(world));
  early.toward(HOST);
  early.answered();
  early.end();
  assert(!isRefused(world));
  assert.equal(world.records.at(-1)?.message, 'registry.example answers again');
});

test('one request at a time is let through, half a minute after the one before', () => {
  const world = new World();
  world.giveUp();
  world.clock.advance(29_000);
  assert(isRefused(world));
  world.clock.advance(1000);
  const probe = world.begin('/probe');
  world.clock.advance(MINUTE);
  assert(isRefused(world), 'while one is under way');
  probe.failed(REFUSED);
  probe.end();
  assert(isRefused(world), 'and right after it');
  world.clock.advance(30_000);
  const next = world.begin('/next');
  next.answered();
  assert(!isRefused(world), 'once it has its answer');
  next.end();
  assert(!isRefused(world));
});

test('failures that lie far apart are no outage', () => {
  const world = new World();
  for (let path = 0; path < 10; path += 1) {
    world.lose(`/${path}`, 2900);
    world.clock.advance(15 * MINUTE);
  }
  assert(!isRefused(world));
  world.giveUp();
  world.clock.advance(15 * MINUTE);
  const first = world.begin('/a');
  assert(!isRefused(world), 'an outage of long ago keeps nobody back');
  first.end();
});

test('a host that a registry leads to is given up on by itself', () => {
  const world = new World();
  for (let path = 0; path < 3; path += 1) {
    const watch = world.begin(`/${path}`);
    for (let tries = 0; tries < 4; tries += 1) {
      watch.toward(HOST);
      watch.answered();
      watch.toward('storage.example');
      world.clock.advance(MINUTE);
      watch.failed(REFUSED);
    }
    watch.end();
  }
  assert(!isRefused(world));
  assert(isRefused(world, '/new', 'storage.example'));
});

const BYTES = Buffer.from(JSON.stringify({ mediaType: MediaType.ociManifest, layers: [] }));
const FOUND: ScriptedAnswer = {
  status: 200,
  headers: { 'content-type': MediaType.ociManifest, 'docker-content-digest': digestOf(BYTES) },
  body: BYTES,
};

test('a thousand images wait minutes for a dead registry, not each for itself', async (t) => {
  let isUp = false;
  const server = await startScripted(t, () => {
    if (isUp) return FOUND;
    // A gateway takes a while to find that nobody is behind it.
    clock.advance(30_000);
    return { status: 504 };
  });
  const { source, clock, records } = openRegistries(t, { [server.host]: {} });
  const image = (tag: number): TagReference =>
    atTag({ registry: server.host, repository: 'acme/app' }, String(tag));
  const start = clock.now();
  const errors: RegistryError[] = [];
  for (let tag = 0; tag < 1000; tag += 1) {
    await assert.rejects(source.head(image(tag)), (error) => {
      assert(error instanceof RegistryError);
      errors.push(error);
      return true;
    });
  }
  assert(errors.every(({ code, side }) => code === 'REGISTRY_UNAVAILABLE' && side === 'source'));
  assert(clock.now() - start < 8 * MINUTE, `${(clock.now() - start) / MINUTE} minutes`);
  assert(server.requests.length < 20, `${server.requests.length} requests`);
  assert.match(
    errors.at(-1)?.message ?? '',
    new RegExp(
      String.raw`^could not ask for the manifest ${server.host}/acme/app:999: ${server.host} has been given up on: every request to it has failed for \d m \d\d s; the last time it answered 504\. Run again once it answers$`,
    ),
  );
  isUp = true;
  clock.advance(30_000);
  assert.equal((await source.head(image(1)))?.digest, digestOf(BYTES));
  assert.equal((await source.head(image(2)))?.digest, digestOf(BYTES));
  assert(records.some(({ message }) => message.startsWith('giving up on 127.0.0.1:')));
});

test('a registry that nobody listens at is given up on with the reason', async (t) => {
  const { source, clock } = openRegistries(t, { '127.0.0.1:1': {} });
  const head = async (tag: number): Promise<unknown> =>
    source.head(atTag({ registry: '127.0.0.1:1', repository: 'acme/app' }, String(tag)));
  for (let tag = 0; tag < 6; tag += 1) {
    await assert.rejects(head(tag), /: 127\.0\.0\.1:1: nothing listens at that address/);
    clock.advance(MINUTE);
  }
  const tries = clock.sleeps.length;
  await assert.rejects(head(7), { code: 'REGISTRY_UNAVAILABLE' });
  assert.equal(clock.sleeps.length, tries + 3, 'the first after a while is let through');
  await assert.rejects(
    head(8),
    /127\.0\.0\.1:1 has been given up on: every request to it has failed for 6 m 1\d s; the last time nothing listens at that address; check the host and port, and that the registry runs \(ECONNREFUSED\)\. Run again once it answers/,
  );
  assert.equal(clock.sleeps.length, tries + 3);
});
