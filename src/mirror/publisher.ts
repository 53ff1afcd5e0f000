import { errorMessage } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Revision, MapStore } from '../stores/map-store.ts';
import type { NamedImage } from './discover.ts';
import { publish } from './publish.ts';
import { record, type RecordPolicy } from './record.ts';

/** How the map stands after a run. */
export interface PublishedMap {
  /** Whether this run changed the map. */
  readonly changed: boolean;
  readonly revision: Revision | undefined;
}

/**
 * Publishes mirrored images while the run goes on, so that a long run that is killed has not
 * worked in vain: at most one write at a time and one per interval; what comes meanwhile goes out
 * together with the next.
 */
export class Publisher {
  readonly #store: MapStore;
  readonly #policy: RecordPolicy;
  readonly #logger: Logger;
  readonly #intervalMs: number;
  readonly #now: () => number;
  #waiting: NamedImage[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #lastWrite = Number.NEGATIVE_INFINITY;
  #map: PublishedMap;

  constructor(options: {
    readonly store: MapStore;
    readonly policy: RecordPolicy;
    readonly logger: Logger;
    /** The map as the run found it. */
    readonly revision: Revision | undefined;
    /** Least time between two writes before the end; GCS takes about one a second per object. */
    readonly intervalMs: number;
    readonly now: () => number;
  }) {
    this.#store = options.store;
    this.#policy = options.policy;
    this.#logger = options.logger;
    this.#intervalMs = options.intervalMs;
    this.#now = options.now;
    this.#map = { changed: false, revision: options.revision };
  }

  /** Takes an image whose digest the target has just served. Never throws, never waits. */
  add(image: NamedImage): void {
    this.#waiting.push(image);
    if (this.#isWriting || this.#now() - this.#lastWrite < this.#intervalMs) return;
    this.#isWriting = true;
    this.#writing = this.#flush()
      // The images wait for the next write, and the last one decides.
      .catch((error: unknown) => {
        this.#logger.warn(`the map could not be written yet: ${errorMessage(error)}`);
      })
      .finally(() => {
        this.#isWriting = false;
      });
  }

  /**
   * Publishes what is still waiting.
   *
   * @throws MapStoreError the map does not name all mirrored images; they are at the target, and
   * the next run records them
   */
  async finish(): Promise<PublishedMap> {
    await this.#writing;
    await this.#flush();
    return this.#map;
  }

  async #flush(): Promise<void> {
    const images = this.#waiting;
    if (images.length === 0) return;
    this.#waiting = [];
    try {
      const { changed, revision } = await publish({
        store: this.#store,
        edit: (text) => record(text, images, this.#policy),
        logger: this.#logger,
      });
      this.#map = { changed: this.#map.changed || changed, revision };
    } catch (error) {
      this.#waiting = [...images, ...this.#waiting];
      throw error;
    } finally {
      this.#lastWrite = this.#now();
    }
  }
}
