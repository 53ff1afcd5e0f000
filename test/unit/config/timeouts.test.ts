import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, problems } from '../../support/config.ts';

const SECTIONS = { sections: ['timeouts'] } as const;

test('nothing waits for ever, unless said otherwise or not', async () => {
  const { timeouts } = await load('timeouts: {}', SECTIONS);
  assert.deepEqual(timeouts, { silenceMs: 60_000, imageMs: 14_400_000, runMs: 86_400_000 });
});

test('each is a duration', async () => {
  const text = 'timeouts: { silence: 90s, image: 1h30m, run: 2d }';
  const { timeouts } = await load(text, SECTIONS);
  assert.deepEqual(timeouts, { silenceMs: 90_000, imageMs: 5_400_000, runMs: 172_800_000 });
});

test('none that is no duration, and none that amounts to for ever', async () => {
  assert.deepEqual(await problems('timeouts: { silence: 0s, image: 30d, run: soon }', SECTIONS), [
    'mirror.yaml:1:22: timeouts.silence: "0s" must be from 1s to 7d: nothing may wait for ever',
    'mirror.yaml:1:33: timeouts.image: "30d" must be from 1s to 7d: nothing may wait for ever',
    'mirror.yaml:1:43: timeouts.run: "soon" is not a duration: write a number with a unit, like 90s, 30m, 1h or 7d',
  ]);
});
