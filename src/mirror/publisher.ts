import { errorMessage } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Options } from '../options.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { Revision, MapStore } from '../stores/map-store.ts';
import { confirm, type Confirmed, type MissingImage } from './confirm.ts';
import type { CopiedImage } from './discover.ts';
import { publish } from './publish.ts';
import { record, type RecordPolicy } from './record.ts';

/** How the map stands after a run. */
export interface PublishedMap {
  /** Whether this run changed the map. */
  readonly changed: boolean;
  readonly revision: Revision | undefined;
}

export interface PublisherOptions extends Options {
  readonly store: MapStore;
  readonly target: RegistryReader;
  readonly policy: RecordPolicy;
  readonly logger: Logger;
  /** The map as the run found it. */
  readonly revision: Revision | undefined;
  /** Least time between two writes before the end; GCS takes about one a second per object. */
  readonly intervalMs: number;
  /** Milliseconds before each further look, at the end, at a tag that does not show its image. */
  readonly lookAgainAfter: readonly number[];
  readonly now: () => number;
}

/**
 * Publishes copied images while the run goes on, so that a long run that is killed has not worked in
 * vain: at most one write at a time and one per interval; what comes meanwhile goes out together with
 * the next.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  #waiting: CopiedImage[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #lastWrite = Number.NEGATIVE_INFINITY;
  #map: PublishedMap;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#map = { changed: false, revision: options.revision };
  }

  /** The map as this run knows it. */
  get map(): PublishedMap {
    return this.#map;
  }

  /** Takes an image whose digest the target has just served. Never throws, never waits. */
  add(image: CopiedImage): void {
    const { now, intervalMs } = this.#options;
    this.#waiting.push(image);
    if (this.#isWriting || now() - this.#lastWrite < intervalMs) return;
    this.#isWriting = true;
    this.#writing = this.#flushEarly();
  }

  /**
   * Publishes what is still waiting.
   *
   * @returns what was not published, since the target could not be seen to serve it any more
   * @throws MapStoreError the map does not name all copied images; they are at the target, and the
   * next run records them
   */
  async finish(): Promise<readonly MissingImage[]> {
    await this.#writing;
    return this.#flush(this.#options.lookAgainAfter);
  }

  /** Whatever fails here waits for the next write, and the last one decides. */
  async #flushEarly(): Promise<void> {
    try {
      const missing = await this.#flush([]);
      this.#waiting = [...missing.map(({ image }) => image), ...this.#waiting];
    } catch (error) {
      this.#options.logger.warn(`the map could not be written yet: ${errorMessage(error)}`);
    } finally {
      this.#isWriting = false;
    }
  }

  async #flush(lookAgainAfter: readonly number[]): Promise<readonly MissingImage[]> {
    const { store, target, policy, logger, signal, now } = this.#options;
    const images = this.#waiting;
    if (images.length === 0) return [];
    this.#waiting = [];
    let confirmed: Confirmed = { served: [], missing: [] };
    try {
      const { changed, revision } = await publish({
        store,
        prepare: async (options) => {
          confirmed = await confirm(images, target, { ...options, lookAgainAfter });
        },
        edit: (text) => record(text, confirmed.served, policy),
        logger,
        ...(signal === undefined ? {} : { signal }),
      });
      this.#map = { changed: this.#map.changed || changed, revision };
      return confirmed.missing;
    } catch (error) {
      this.#waiting = [...images, ...this.#waiting];
      throw error;
    } finally {
      this.#lastWrite = now();
    }
  }
}
