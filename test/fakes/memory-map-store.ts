import { MapStoreError } from '../../src/errors.ts';
import type { MapStore, Revision, StoredMap } from '../../src/stores/map-store.ts';
import type { Options } from '../../src/options.ts';

/**
 * What happens to the next write. `conflict`: refused though the revision is right. `unavailable`:
 * nothing is stored. `lost-reply`: stored, then fails as unavailable. `self-conflict`: stored, then
 * refused, as by an SDK that repeats a write whose reply was lost.
 */
export type WriteFault = 'conflict' | 'unavailable' | 'lost-reply' | 'self-conflict' | 'forbidden';

/** A map store in memory that can be told to fail, and into which a person can reach. */
export class MemoryMapStore implements MapStore {
  readonly location = 'memory:map';
  readonly faults: WriteFault[] = [];
  /** Failures of the next reads. */
  readonly readFaults: MapStoreError[] = [];
  /** Who wrote it last, as far as this store knows. */
  writer: string | undefined;
  reads = 0;
  writes = 0;
  /** Runs before every call is looked at: what it throws fails the call, what it awaits delays it. */
  before: (method: 'read' | 'write') => void | Promise<void> = () => undefined;
  /** Runs after every write that was stored; what it throws is what the writer hears. */
  after: () => void = () => undefined;
  /** Called within every write, before it is decided. */
  onWrite: () => void = () => undefined;
  #text: string | undefined;
  #count = 0;

  constructor(text?: string) {
    if (text !== undefined) this.editByHand(text);
  }

  get text(): string | undefined {
    return this.#text;
  }

  editByHand(text: string): void {
    this.#text = text;
    this.#count += 1;
  }

  /** Takes the object away, as a scratch object is. */
  async remove(): Promise<void> {
    this.#text = undefined;
  }

  async read({ signal }: Options = {}): Promise<StoredMap | undefined> {
    signal?.throwIfAborted();
    this.reads += 1;
    await this.before('read');
    signal?.throwIfAborted();
    const fault = this.readFaults.shift();
    if (fault !== undefined) throw fault;
    if (this.#text === undefined) return undefined;
    return {
      text: this.#text,
      revision: this.#revision() as Revision,
      ...(this.writer !== undefined && { writer: this.writer }),
    };
  }

  async write(
    text: string,
    expected: Revision | undefined,
    { signal }: Options = {},
  ): Promise<Revision> {
    signal?.throwIfAborted();
    this.writes += 1;
    await this.before('write');
    signal?.throwIfAborted();
    this.onWrite();
    const fault = this.faults.shift();
    if (fault === 'unavailable') throw new MapStoreError('MAP_UNAVAILABLE', 'unavailable');
    if (fault === 'forbidden') {
      throw new MapStoreError('MAP_UNAVAILABLE', 'forbidden', undefined, false);
    }
    if (fault === 'conflict' || expected !== this.#revision()) {
      throw new MapStoreError('MAP_CONFLICT', 'conflict');
    }
    this.editByHand(text);
    if (fault === 'lost-reply') throw new MapStoreError('MAP_UNAVAILABLE', 'connection reset');
    if (fault === 'self-conflict') throw new MapStoreError('MAP_CONFLICT', 'conflict');
    this.after();
    return this.#revision() as Revision;
  }

  #revision(): Revision | undefined {
    return this.#text === undefined ? undefined : (`r${this.#count}` as Revision);
  }
}
