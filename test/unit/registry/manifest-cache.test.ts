import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, type Manifest } from '../../../src/registry/manifest.ts';
import { ManifestCache } from '../../../src/registry/manifest-cache.ts';
import type { DigestReference } from '../../../src/registry/reference.ts';

function entry(name: string, size: number): readonly [DigestReference, Manifest] {
  const bytes = Buffer.alloc(size, name);
  const digest = digestOf(bytes);
  return [
    { kind: 'digest', registry: 'registry.example', repository: 'app', digest },
    { kind: 'image', digest, mediaType: 'x', bytes, config: undefined, layers: [] },
  ];
}

test('what was not used for longest makes room', () => {
  const cache = new ManifestCache(30);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => entry(name, 10));
  assert(a && b && c && d);
  for (const [reference, manifest] of [a, b, c]) cache.put(reference, manifest);
  assert.equal(cache.get(a[0]), a[1]);
  cache.put(...d);
  assert.equal(cache.get(b[0]), undefined);
  for (const [reference, manifest] of [a, c, d]) assert.equal(cache.get(reference), manifest);
});

test('the same manifest counts once, one larger than everything not at all', () => {
  const cache = new ManifestCache(20);
  const [small, other, large] = [entry('s', 10), entry('o', 10), entry('l', 21)];
  cache.put(...small);
  cache.put(...small);
  cache.put(...other);
  cache.put(...large);
  assert.equal(cache.get(small[0]), small[1]);
  assert.equal(cache.get(other[0]), other[1]);
  assert.equal(cache.get(large[0]), undefined);
});

test('two who read the same at once ask once', async () => {
  const cache = new ManifestCache();
  const [reference, manifest] = entry('shared', 10);
  let asked = 0;
  const come = Promise.withResolvers<void>();
  const read = async (): Promise<Manifest> => {
    asked += 1;
    await come.promise;
    return manifest;
  };
  const both = [1, 2].map(() => cache.getOrRead(reference, read, undefined));
  come.resolve();
  assert.deepEqual(await Promise.all(both), [manifest, manifest]);
  assert.equal(asked, 1);
});

test('what one could not read, the other reads anew', async () => {
  const cache = new ManifestCache();
  const [reference, manifest] = entry('shared', 10);
  const failing = cache.getOrRead(reference, () => Promise.reject(new Error('cut')), undefined);
  const waiting = cache.getOrRead(reference, () => Promise.resolve(manifest), undefined);
  await assert.rejects(failing, /cut/);
  assert.equal(await waiting, manifest);
});

test('whoever waits can stop waiting, and nobody else with them', async () => {
  const cache = new ManifestCache();
  const [reference, manifest] = entry('shared', 10);
  const come = Promise.withResolvers<Manifest>();
  const leading = cache.getOrRead(reference, () => come.promise, undefined);
  const stop = new AbortController();
  const waiting = cache.getOrRead(reference, () => come.promise, stop.signal);
  stop.abort(new Error('stopped'));
  await assert.rejects(waiting, /stopped/);
  come.resolve(manifest);
  assert.equal(await leading, manifest);
});
