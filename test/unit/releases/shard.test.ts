import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ConfigError } from '../../../src/errors.ts';
import { parseShard, shardFromEnvironment, shardReleases } from '../../../src/releases/shard.ts';
import { FakeReleaseSource } from '../../fakes/release-source.ts';

async function imagesOf(
  images: readonly string[],
  index: number,
  count: number,
): Promise<readonly string[]> {
  const source = new FakeReleaseSource().announce(
    images.map((image) => ({ image })),
    ['entry 3: …'],
  );
  const { releases, skipped } = await shardReleases(source, { index, count }).latest();
  assert.deepEqual(skipped, ['entry 3: …']);
  return releases.map(({ image }) => image);
}

test('all shards together look at each image once, and one shard at all tags of a repository', async () => {
  const name = fc.stringMatching(/^[a-z]{1,6}$/);
  const images = fc.uniqueArray(
    fc.tuple(name, fc.constantFrom('1.0', '2.0', '3.0')).map(([a, tag]) => `atlanhq/${a}:${tag}`),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(images, fc.integer({ min: 1, max: 9 }), async (all, count) => {
      const shards = await Promise.all(
        Array.from({ length: count }, async (_, index) => imagesOf(all, index, count)),
      );
      assert.deepEqual(shards.flat().toSorted(), all.toSorted());
      const homes = shards.flatMap((shard) =>
        Array.from(new Set(shard.map((image) => image.slice(0, image.indexOf(':'))))),
      );
      assert.equal(new Set(homes).size, homes.length);
    }),
    { numRuns: 50 },
  );
});

test('where a repository falls is a matter of its whole name alone', async () => {
  // Written down: shards of two versions may run side by side, and must agree.
  const shards = [['atlanhq/oracle:1', 'atlanhq/postgres:1'], [], ['atlanhq/teradata:1']];
  for (const [index, expected] of shards.entries()) {
    assert.deepEqual(await imagesOf(shards.flat(), index, 3), expected);
  }
  const written = 'docker.io/atlanhq/teradata:9';
  assert.deepEqual(await imagesOf([written], 2, 3), [written]);
});

test('many repositories are spread evenly', async () => {
  const all = Array.from({ length: 1000 }, (_, n) => `atlanhq/app-${n}:1.0`);
  for (const index of [0, 1, 2, 3]) {
    const { length } = await imagesOf(all, index, 4);
    assert.ok(length > 200 && length < 300, `${length} of 1000 in shard ${index}`);
  }
});

test('a shard is written as index/count', () => {
  assert.deepEqual(parseShard('0/1'), { index: 0, count: 1 });
  assert.deepEqual(parseShard('3/4'), { index: 3, count: 4 });
  for (const text of [
    '',
    '1',
    '4/4',
    '5/4',
    '0/0',
    '-1/4',
    '1/4/2',
    'a/b',
    ' 1/4',
    '1.5/4',
    '1/',
  ]) {
    assert.throws(() => parseShard(text), ConfigError, text);
  }
});

test('an indexed Job says which shard it is', () => {
  assert.deepEqual(shardFromEnvironment({ JOB_COMPLETION_INDEX: '2', MIRROR_SHARDS: '4' }), {
    index: 2,
    count: 4,
  });
  // Any indexed Job sets the index; without a count nothing is shared.
  assert.equal(shardFromEnvironment({ JOB_COMPLETION_INDEX: '2' }), undefined);
  assert.equal(shardFromEnvironment({ MIRROR_SHARDS: '' }), undefined);
  assert.throws(
    () => shardFromEnvironment({ MIRROR_SHARDS: '4' }),
    /completionMode: Indexed.*--shard index\/count/,
  );
  assert.throws(
    () => shardFromEnvironment({ JOB_COMPLETION_INDEX: '4', MIRROR_SHARDS: '4' }),
    /"4\/4"/,
  );
});
