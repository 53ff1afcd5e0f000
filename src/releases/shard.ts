import { createHash } from 'node:crypto';
import { ConfigError } from '../errors.ts';
import { quote } from '../quote.ts';
import { formatRepository, parseReference } from '../registry/reference.ts';
import type { ReleaseSource } from './release-source.ts';

/** One of several runs that share the work and meet only in the map. */
export interface Shard {
  /** From 0, as Kubernetes counts the pods of an indexed Job. */
  readonly index: number;
  readonly count: number;
}

/**
 * Keeps the releases that fall to one shard; all shards together keep each release exactly once.
 *
 * A repository falls to one shard as a whole, whatever its tags: blobs that its images share are
 * copied once, and no two shards edit the same entry of the map. Which shard that is depends on
 * the repository and the number of shards alone, so releases may come and go between runs.
 *
 * @param defaultRegistry - of references that name none
 */
export function shardReleases(
  source: ReleaseSource,
  { index, count }: Shard,
  defaultRegistry?: string,
): ReleaseSource {
  return {
    location: source.location,
    async latest(options) {
      const { releases, skipped } = await source.latest(options);
      const ours = releases.filter(
        ({ image }) =>
          shardOf(formatRepository(parseReference(image, defaultRegistry)), count) === index,
      );
      return { releases: ours, skipped };
    },
  };
}

/** Six bytes are an exact number, and far more than any count: no shard is favoured. */
const HASH_BYTES = 6;

function shardOf(repository: string, count: number): number {
  return createHash('sha256').update(repository).digest().readUIntBE(0, HASH_BYTES) % count;
}

/**
 * Reads `1/4`: the second of four.
 *
 * @throws ConfigError
 */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  // Numbers that are missing compare false.
  if (shard.index < shard.count) return shard;
  throw new ConfigError(
    `shard ${quote(text)} is none: write index/count, the index from 0 and below the count, for example 0/4 to 3/4`,
  );
}

/**
 * The shard that an indexed Kubernetes Job gives a pod by `JOB_COMPLETION_INDEX`. How many there
 * are Kubernetes does not tell: that is `MIRROR_SHARDS`.
 *
 * @returns `undefined` where `MIRROR_SHARDS` is not set: the run looks at everything
 * @throws ConfigError
 */
export function shardFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Shard | undefined {
  const count = env['MIRROR_SHARDS'];
  if (count === undefined || count === '') return undefined;
  const index = env['JOB_COMPLETION_INDEX'];
  if (index === undefined || index === '') {
    throw new ConfigError(
      'MIRROR_SHARDS is set but JOB_COMPLETION_INDEX is not: set completionMode: Indexed in the Job, or say --shard index/count',
    );
  }
  return parseShard(`${index}/${count}`);
}
