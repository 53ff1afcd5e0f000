import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, problems } from '../../support/config.ts';

const SECTIONS = { sections: ['copy'] } as const;

test('everything is copied of each image, as fast as it goes, unless said otherwise', async () => {
  const { copy } = await load('copy: {}', SECTIONS);
  assert.deepEqual(copy, { engine: 'registry', signatures: true, concurrency: 32 });
});

test('a bandwidth is bytes a second', async () => {
  const { copy } = await load('copy: { bandwidth: 400Mbit/s }', SECTIONS);
  assert.equal(copy.bandwidth, 50_000_000);
});

test('a bandwidth that is none, and one that skopeo could not keep to', async () => {
  assert.deepEqual(await problems('copy: { bandwidth: 50mb/s }', SECTIONS), [
    'mirror.yaml:1:20: copy.bandwidth: "50mb/s" is not a rate: write a number with a unit a second, like 50MB/s or 400Mbit/s (units: kB, MB, GB, KiB, MiB, GiB, kbit, Mbit, Gbit)',
  ]);
  assert.deepEqual(await problems('copy: { engine: skopeo, bandwidth: 50MB/s }', SECTIONS), [
    'mirror.yaml:1:25: copy.bandwidth: is for engine: registry only: skopeo knows no such limit',
  ]);
});

test('platforms are a choice of both engines', async () => {
  for (const engine of ['registry', 'skopeo']) {
    const text = `copy: { engine: ${engine}, platforms: [linux/amd64, linux/arm/v7] }`;
    const { copy } = await load(text, SECTIONS);
    assert.deepEqual(copy.platforms, ['linux/amd64', 'linux/arm/v7']);
  }
});

test('what is no platform, and none at all', async () => {
  assert.deepEqual(await problems('copy: { platforms: [amd64, linux/amd64/v1/x] }', SECTIONS), [
    'mirror.yaml:1:21: copy.platforms[0]: "amd64" is not a platform: write os/architecture, like linux/amd64',
    'mirror.yaml:1:28: copy.platforms[1]: "linux/amd64/v1/x" is not a platform: write os/architecture, like linux/amd64',
  ]);
  const [none] = await problems('copy: { platforms: [] }', SECTIONS);
  assert.match(none ?? '', /copy\.platforms: .*names no platform: leave it out to copy all/);
});

test('an index is rewritten only on request, and only where platforms are left out', async () => {
  const { copy } = await load('copy: { platforms: [linux/amd64], rewriteIndex: true }', SECTIONS);
  assert.equal(copy.rewriteIndex, true);
  const [problem] = await problems('copy: { rewriteIndex: true }', SECTIONS);
  assert.match(problem ?? '', /^mirror\.yaml:1:9: copy\.rewriteIndex: is for copy\.platforms only/);
  for (const text of ['copy: { rewriteIndex: false }', 'copy: { platforms: [linux/amd64] }']) {
    const { copy: whole } = await load(text, SECTIONS);
    assert.equal(whole.rewriteIndex, undefined);
  }
});
