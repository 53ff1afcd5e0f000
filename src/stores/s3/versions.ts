import type { Options } from '../../options.ts';
import { withClaim } from './claim.ts';
import { conflict, lasting, unavailable } from '../failure.ts';
import type { S3Object, S3Snapshot, S3Version } from './object.ts';

/** Metadata that names the version a writer started from. */
const BASE = 'sdr-mirror-base';
const NONE = 'none';
const REPAIRS = 20;

interface WriteOptions extends Options {
  readonly metadata: Readonly<Record<string, string>>;
}

/** A version with its content; versions never change, so each is fetched once. */
interface Entry extends S3Snapshot {
  readonly versionId: string;
}

/**
 * Compare and swap without conditional writes, in a bucket that keeps every version. Our own
 * writers take turns by a claim. Whoever knows nothing of claims, a person with a console, is
 * recognised in the history: every version of ours names the one it was made from. One that was
 * made from what counted at that moment counts; one that came too late does not, and its writer
 * puts back what does. A version without such a note always counts. All who look at the same
 * history come to the same verdict, also when a writer dies before it has put things right.
 */
export class VersionHistory {
  readonly #object: S3Object;
  readonly #location: string;
  readonly #entries = new Map<string, Entry>();
  #isVersioned = false;

  constructor(object: S3Object, location: string) {
    this.#object = object;
    this.#location = location;
  }

  /** What counts now. */
  async head(options: Options): Promise<Entry | undefined> {
    return this.#headOf(await this.#object.versions(options), options);
  }

  /**
   * Writes a version on top of `expected`.
   *
   * @returns its version
   * @throws MapStoreError `MAP_CONFLICT`: somebody else came first, and what they wrote counts
   */
  async append(text: string, expected: string | undefined, options: WriteOptions): Promise<string> {
    await this.#assertVersioned(options);
    return withClaim(
      this.#object,
      this.#location,
      async (claim) => {
        const head = await this.head(options);
        if (head?.versionId !== expected) throw conflict(this.#location);
        claim.assertHeld();
        return this.#appendClaimed(text, expected, options);
      },
      options,
    );
  }

  async #appendClaimed(
    text: string,
    expected: string | undefined,
    options: WriteOptions,
  ): Promise<string> {
    const mine = await this.#put(text, expected, options);
    const history = await this.#object.versions(options);
    const at = history.findIndex(({ versionId }) => versionId === mine);
    if (at === -1) {
      const reason = lasting(
        'the list of versions lacks the one just written: the order of versions cannot be relied upon here',
      );
      throw unavailable(this.#location, 'write', reason, undefined);
    }
    const winner = await this.#headOf(history.slice(at), options);
    if (winner?.versionId === mine) return mine;
    await this.#repair(options);
    throw conflict(this.#location);
  }

  /** Puts back on top what counts, so that readers who know nothing of this see it. */
  async #repair(options: Options): Promise<void> {
    for (let tries = 0; tries < REPAIRS; tries += 1) {
      const history = await this.#object.versions(options);
      const head = await this.#headOf(history, options);
      if (head === undefined || head.versionId === history[0]?.versionId) return;
      const { metadata } = head;
      const text = Buffer.from(head.bytes).toString();
      await this.#put(text, head.versionId, { ...options, metadata });
    }
  }

  async #put(text: string, base: string | undefined, options: WriteOptions): Promise<string> {
    const { versionId } = await this.#object.put(
      text,
      { unconditional: true },
      { ...options, metadata: { ...options.metadata, [BASE]: base ?? NONE } },
    );
    if (versionId !== undefined) return versionId;
    throw unavailable(this.#location, 'write', NOT_VERSIONED, undefined);
  }

  /** What counts at the end of a history, newest first. */
  async #headOf(history: readonly S3Version[], options: Options): Promise<Entry | undefined> {
    /** Versions that were not made from the one right before them, newest first. */
    const late: Entry[] = [];
    let head: Entry | undefined;
    let isCutOff = true;
    for (const [index, { versionId, isDeletion }] of history.entries()) {
      const entry = isDeletion ? undefined : await this.#entry(versionId, options);
      isCutOff = !isDeletion;
      if (entry === undefined) break;
      const base = entry.metadata[BASE];
      const before = history[index + 1];
      const follows = before === undefined || before.isDeletion ? NONE : before.versionId;
      if (base === undefined || base === follows) {
        head = entry;
        isCutOff = false;
        break;
      }
      late.push(entry);
    }
    // Older versions have expired: the oldest there is has nothing to be too late for.
    if (isCutOff) head = late.pop();
    for (const entry of late.toReversed()) {
      if (entry.metadata[BASE] === (head?.versionId ?? NONE)) head = entry;
    }
    return head;
  }

  async #entry(versionId: string, options: Options): Promise<Entry | undefined> {
    const known = this.#entries.get(versionId);
    if (known !== undefined) return known;
    const snapshot = await this.#object.get({ ...options, versionId });
    if (snapshot === undefined) return undefined;
    const entry = { ...snapshot, versionId };
    this.#entries.set(versionId, entry);
    return entry;
  }

  async #assertVersioned(options: Options): Promise<void> {
    if (this.#isVersioned) return;
    this.#isVersioned = await this.#object.isVersioned(options);
    if (!this.#isVersioned) throw unavailable(this.#location, 'write', NOT_VERSIONED, undefined);
  }
}

const NOT_VERSIONED = lasting(
  'the bucket keeps no versions, on which map.s3.concurrency: versions relies: enable versioning',
);
