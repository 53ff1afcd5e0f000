import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CredentialHolder } from '../../../../src/registry/auth/credential-holder.ts';
import type { Credential } from '../../../../src/registry/credentials.ts';
import { Secret } from '../../../../src/secret.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface World {
  readonly clock: FakeClock;
  readonly holder: CredentialHolder;
  /** How often it was looked up. */
  readonly lookUps: () => number;
  /** Makes look-ups fail, or no longer. */
  readonly fail: (error: Error | undefined) => void;
}

/** Credentials numbered by look-up, `constant` ones always the same. */
function setUp({
  lifetimeMs,
  constant = false,
}: {
  readonly lifetimeMs?: number;
  readonly constant?: boolean;
} = {}): World {
  const clock = new FakeClock();
  let count = 0;
  let failure: Error | undefined;
  const holder = new CredentialHolder({
    clock,
    find: async () => {
      count += 1;
      await Promise.resolve();
      if (failure !== undefined) throw failure;
      return credential(constant ? 'same' : `${count}`, lifetimeMs && clock.now() + lifetimeMs);
    },
  });
  return {
    clock,
    holder,
    lookUps: () => count,
    fail: (error) => {
      failure = error;
    },
  };
}

function credential(password: string, expiresAt: number | undefined): Credential {
  return {
    kind: 'basic',
    username: 'u',
    password: new Secret(password),
    origin: 'a test',
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function passwordOf(found: Credential): string {
  assert(found.kind === 'basic');
  return found.password.reveal();
}

test('many who ask at once cost one look-up, and those after them none', async () => {
  const { holder, lookUps, clock } = setUp();
  assert.equal(holder.known.kind, 'anonymous');
  const found = await Promise.all([holder.current(), holder.current(), holder.current()]);
  assert.deepEqual(found.map(passwordOf), ['1', '1', '1']);
  clock.advance(1000 * HOUR);
  await holder.current();
  assert.equal(lookUps(), 1);
  assert.equal(passwordOf(holder.known), '1');
});

test('what expires is looked up again five minutes before', async () => {
  const { holder, clock } = setUp({ lifetimeMs: HOUR });
  await holder.current();
  clock.advance(55 * MINUTE - 1);
  assert.equal(passwordOf(await holder.current()), '1');
  clock.advance(1);
  assert.equal(passwordOf(await holder.current()), '2');
});

test('what lives shortly serves for most of its life', async () => {
  const { holder, clock } = setUp({ lifetimeMs: 10 * MINUTE });
  await holder.current();
  clock.advance(8 * MINUTE - 1);
  assert.equal(passwordOf(await holder.current()), '1');
  clock.advance(1);
  assert.equal(passwordOf(await holder.current()), '2');
});

test('a wrong clock does not make a look-up of every request', async () => {
  const { holder, clock, lookUps } = setUp({ lifetimeMs: -HOUR });
  await holder.current();
  clock.advance(MINUTE - 1);
  await holder.current();
  assert.equal(lookUps(), 1);
  clock.advance(1);
  await holder.current();
  assert.equal(lookUps(), 2);
});

test('while nobody gives a new one, the old one serves to its end', async () => {
  const { holder, clock, lookUps, fail } = setUp({ lifetimeMs: HOUR });
  await holder.current();
  fail(new Error('down'));
  clock.advance(56 * MINUTE);
  assert.equal(passwordOf(await holder.current()), '1');
  assert.equal(passwordOf(await holder.current()), '1');
  assert.equal(lookUps(), 2, 'not tried again by the next request');
  clock.advance(4 * MINUTE);
  await assert.rejects(holder.current(), /down/);
  fail(undefined);
  clock.advance(30_000);
  assert.equal(passwordOf(await holder.current()), '4');
});

test('a failed look-up is not repeated by every request', async () => {
  const { holder, clock, lookUps, fail } = setUp();
  fail(new Error('down'));
  await Promise.all([1, 2, 3].map(async () => assert.rejects(holder.current(), /down/)));
  clock.advance(29_999);
  await assert.rejects(holder.current(), /down/);
  assert.equal(lookUps(), 1);
  fail(undefined);
  clock.advance(1);
  assert.equal(passwordOf(await holder.current()), '2');
});

test('what is refused while it is fresh is wrong, later perhaps stale', async () => {
  const { holder, clock, lookUps } = setUp();
  const first = await holder.current();
  assert.equal(await holder.replace(first), false);
  assert.equal(lookUps(), 1);
  clock.advance(MINUTE);
  assert.deepEqual(await Promise.all([holder.replace(first), holder.replace(first)]), [true, true]);
  assert.equal(lookUps(), 2);
  assert.equal(await holder.replace(first), true, 'replaced by somebody meanwhile');
  assert.equal(lookUps(), 2);
});

test('what is the same as before is no replacement', async () => {
  const { holder, clock } = setUp({ constant: true });
  const first = await holder.current();
  clock.advance(MINUTE);
  assert.equal(await holder.replace(first), false);
});

test('nothing was refused where nothing was found', async () => {
  assert.equal(await setUp().holder.replace(credential('other', undefined)), false);
});
