import type { Readable } from 'node:stream';
import { SMALL_BLOB_BYTES } from '../registry/blobs.ts';
import type { Descriptor } from '../registry/manifest.ts';
import { formatRepository, isSameRepository, type Repository } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';
import type { CopySession } from './copy-session.ts';
import { SingleFlight } from './single-flight.ts';
import { Streams } from './streams.ts';
import type { BlobOutcome } from './tally.ts';

/**
 * A blob this small is sent without asking whether it is there: where registries take a blob in one
 * POST, sending it costs what asking does, and most small blobs (configs, signatures) are new.
 */
const SEND_UNASKED_BYTES = 32 * 1024;

/**
 * The blobs of a whole run. Each crosses to a target registry once, however many images share it:
 * the first image that needs it sends it, the others wait and mount it from that one's repository.
 */
export class BlobTransfers {
  readonly #source: Registry;
  readonly #target: Registry;
  readonly #streams: Streams;
  /** By registry and digest: the one transfer from outside. */
  readonly #crossings = new SingleFlight();
  /** By repository and digest. */
  readonly #arrivals = new SingleFlight();
  /** Where at a registry a blob is known to be. */
  readonly #holders = new Map<string, Repository>();
  /** Registries that would not mount: there it pays to ask before sending. */
  readonly #withoutMounts = new Set<string>();

  constructor(source: Registry, target: Registry, concurrency: number) {
    this.#source = source;
    this.#target = target;
    this.#streams = new Streams(concurrency);
  }

  /**
   * Sees to it that the target repository holds a blob.
   *
   * @param isClaimFalse - the registry says it holds things that it lacks: send without asking
   */
  async ensure(blob: Descriptor, session: CopySession, isClaimFalse: boolean): Promise<void> {
    const { target, stopped, tally } = session;
    tally.expect(blob);
    if (isClaimFalse) {
      tally.settle(blob, await this.#put(blob, session, undefined));
      return;
    }
    const arrival = `${formatRepository(target)}@${blob.digest}`;
    await this.#arrivals.run(arrival, () => this.#bring(blob, session), stopped);
    // Had another copy brought it here meanwhile, it was here for this one.
    tally.settle(blob, 'present');
  }

  async #bring(blob: Descriptor, session: CopySession): Promise<void> {
    const { source, target, stopped, tally, repairs } = session;
    const key = `${target.registry}@${blob.digest}`;
    const isFirst = await this.#crossings.run(
      key,
      async () => {
        const origin = source.registry === target.registry ? source : undefined;
        // Of an image that is mended most is there.
        const isLikelyNew = !repairs && (origin !== undefined || blob.size <= SEND_UNASKED_BYTES);
        tally.settle(blob, await this.#askAndPut(blob, session, origin, !isLikelyNew));
        this.#holders.set(key, target);
      },
      stopped,
    );
    if (isFirst) return;
    const mustAsk =
      repairs || (this.#withoutMounts.has(target.registry) && blob.size > SEND_UNASKED_BYTES);
    tally.settle(blob, await this.#askAndPut(blob, session, this.#holders.get(key), mustAsk));
  }

  async #askAndPut(
    blob: Descriptor,
    session: CopySession,
    holder: Repository | undefined,
    mustAsk: boolean,
  ): Promise<BlobOutcome> {
    const { target, options } = session;
    // A blob that was cut short is there by its name only.
    const asked = session.repairs ? { ...options, size: blob.size } : options;
    if (holder !== undefined && isSameRepository(holder, target)) return 'present';
    if (mustAsk && (await this.#target.hasBlob(target, blob.digest, asked))) return 'present';
    return this.#put(blob, session, holder);
  }

  async #put(
    blob: Descriptor,
    session: CopySession,
    mountFrom: Repository | undefined,
  ): Promise<'uploaded' | 'mounted'> {
    const { target, options, stopped } = session;
    stopped.throwIfAborted();
    const slot = this.#streams.slot(blob.size);
    try {
      const outcome = await this.#target.putBlob(
        target,
        blob,
        async () => {
          // What costs time for a small one is the way there and back: it waits for no stream.
          if (blob.size > SMALL_BLOB_BYTES) await slot.take();
          stopped.throwIfAborted();
          return this.#open(blob, session);
        },
        mountFrom === undefined ? options : { ...options, mountFrom },
      );
      if (mountFrom !== undefined && outcome === 'uploaded') {
        this.#withoutMounts.add(target.registry);
      }
      return outcome;
    } finally {
      slot.close();
    }
  }

  async #open(blob: Descriptor, { source, options, tally }: CopySession): Promise<Readable> {
    // Counting costs a little for each chunk: only for somebody who looks.
    if (!tally.isWatched) return this.#source.openBlob(source, blob, options);
    return this.#source.openBlob(source, blob, {
      ...options,
      onReceived: (bytes) => tally.sent(blob, bytes),
    });
  }
}
