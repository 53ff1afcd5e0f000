import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, ContainerId } from '../../../../src/orchestrator/engine/container.ts';
import { nextStep, type Wish } from '../../../../src/orchestrator/swap/next-step.ts';
import type { Places } from '../../../../src/orchestrator/swap/places.ts';

const OLD = '1';
const NEW = '2';

const run = (strategy: 'blue-green' | 'stop-first'): Wish => ({
  kind: 'run',
  strategy,
  isFulfilledBy: (current) => current.labels['version'] === NEW,
  isCandidate: (green) => green.labels['version'] === NEW,
});
const blueGreen = run('blue-green');
const stopFirst = run('stop-first');
const repair: Wish = { kind: 'repair' };
const restore: Wish = { kind: 'restore' };

const up = { state: 'running' } as const;
const fresh = { state: 'created' } as const;
const ended = { state: 'exited' } as const;

/** What is seen, what is wished, what is next. */
const table: readonly (readonly [string, Places, Wish, string | undefined])[] = [
  ['nothing is there', {}, blueGreen, 'create'],
  ['nothing is there', {}, repair, undefined],
  ['the old version', { current: made(OLD, up) }, blueGreen, 'create'],
  ['the old version', { current: made(OLD, up) }, repair, undefined],
  ['the wanted version', { current: made(NEW, up) }, blueGreen, undefined],
  ['what serves has ended', { current: made(OLD, ended) }, repair, 'revive'],
  ['what serves has ended', { current: made(OLD, ended) }, blueGreen, 'create'],
  ['what serves has ended', { current: made(OLD, ended) }, restore, undefined],
  ['a fresh candidate', { current: made(OLD, up), green: made(NEW, fresh) }, blueGreen, 'start'],
  [
    'a fresh candidate',
    { current: made(OLD, up), green: made(NEW, fresh) },
    stopFirst,
    'step-aside',
  ],
  ['a candidate that runs', { current: made(OLD, up), green: made(NEW, up) }, blueGreen, 'gate'],
  ['a candidate that runs', { current: made(OLD, up), green: made(NEW, up) }, repair, 'discard'],
  ['a candidate that runs', { current: made(OLD, up), green: made(NEW, up) }, restore, 'discard'],
  [
    'a candidate that ended',
    { current: made(OLD, up), green: made(NEW, ended) },
    blueGreen,
    'discard',
  ],
  [
    'a candidate that was started again',
    { current: made(OLD, up), green: made(NEW, { ...up, restartCount: 1 }) },
    blueGreen,
    'discard',
  ],
  ['another candidate', { current: made(OLD, up), green: made('3', up) }, blueGreen, 'discard'],
  ['between the renames', { old: made(OLD, up), green: made(NEW, up) }, blueGreen, 'gate'],
  ['between the renames', { old: made(OLD, up), green: made(NEW, up) }, repair, 'gate'],
  ['between the renames', { old: made(OLD, up), green: made(NEW, up) }, restore, 'discard'],
  ['between the renames', { old: made(OLD, up), green: made('3', up) }, blueGreen, 'discard'],
  ['before the start', { old: made(OLD, up), green: made(NEW, fresh) }, stopFirst, 'stop-old'],
  ['before the start', { old: made(OLD, ended), green: made(NEW, fresh) }, stopFirst, 'start'],
  ['before the start', { old: made(OLD, up), green: made(NEW, fresh) }, repair, 'discard'],
  ['only what stepped aside', { old: made(OLD, ended) }, blueGreen, 'take-back'],
  ['only what stepped aside', { old: made(OLD, up) }, repair, 'take-back'],
  ['past the commit point', { current: made(NEW, up), old: made(OLD, up) }, blueGreen, 'retire'],
  ['past the commit point', { current: made(NEW, up), old: made(OLD, up) }, restore, 'retire'],
  ['a first install', { green: made(NEW, up) }, repair, 'gate'],
  ['a first install', { green: made(NEW, fresh) }, repair, 'discard'],
  ['a first install', { green: made(NEW, fresh) }, blueGreen, 'start'],
];

for (const [seen, places, wish, expected] of table) {
  const strategy = wish.kind === 'run' ? ` ${wish.strategy}` : '';
  test(`${seen}, ${wish.kind}${strategy}: ${expected ?? 'at rest'}`, () => {
    assert.equal(nextStep(places, wish, {})?.step, expected);
  });
}

test('a candidate takes the name only in the run in which it passed, and only while it runs', () => {
  const green = made(NEW, up);
  const old = made(OLD, up);
  const memory = { created: green.id, passed: green.id };
  assert.equal(nextStep({ old, green }, blueGreen, memory)?.step, 'promote');
  assert.equal(nextStep({ current: old, green }, blueGreen, memory)?.step, 'step-aside');
  const died = { ...green, state: 'exited' } as const;
  assert.equal(nextStep({ current: old, green: died }, blueGreen, memory)?.step, 'gate');
});

test('the candidate of this run is judged by the gate though it has ended', () => {
  const green = made(NEW, ended);
  const places = { current: made(OLD, up), green };
  assert.equal(nextStep(places, blueGreen, { created: green.id })?.step, 'gate');
});

test('what serves is started again once in a run', () => {
  const current = made(OLD, ended);
  assert.equal(nextStep({ current }, repair, { revived: current.id }), undefined);
});

function made(version: string, more: Partial<Container>): Container {
  return {
    id: `id-${version}` as ContainerId,
    name: `app-${version}`,
    imageId: `image-${version}` as Container['imageId'],
    labels: { version },
    state: 'running',
    health: 'none',
    healthCheck: undefined,
    restartCount: 0,
    restart: 'unless-stopped',
    exitCode: undefined,
    outOfMemory: false,
    createdAt: 0,
    startedAt: 0,
    finishedAt: undefined,
    network: 'default',
    addresses: [],
    mounts: [],
    ...more,
  };
}
