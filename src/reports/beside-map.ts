import { MapStoreError } from '../errors.ts';
import type { Options } from '../options.ts';
import type { MapStore, ProvableMapStore } from '../stores/map-store.ts';
import { recordParser, type Memory } from './earlier-run.ts';

/** `report.json` in the store of the map. */
export class ReportBesideMap {
  readonly #object: MapStore;
  readonly #map: string;

  /** @param part - which of several runs that share the work, `0-of-4`: each has a report of its own */
  constructor(store: ProvableMapStore, part?: string) {
    this.#object = store.scratch(part === undefined ? '.report.json' : `.report-${part}.json`);
    this.#map = store.location;
  }

  /** @param options - bounds the reading */
  memory(options: Options): Memory {
    return {
      location: this.#object.location,
      read: async () => (await this.#object.read(options))?.text,
      parse: recordParser(this.#map),
    };
  }

  /**
   * Replaces it, whatever it holds.
   *
   * @throws MapStoreError
   */
  async write(text: string, options: Options): Promise<void> {
    try {
      await this.#replace(text, options);
    } catch (error) {
      // Another run was faster by a moment: the later report stays, as it would in a file.
      if (!(error instanceof MapStoreError) || error.code !== 'MAP_CONFLICT') throw error;
      await this.#replace(text, options);
    }
  }

  async #replace(text: string, options: Options): Promise<void> {
    const stored = await this.#object.read(options);
    await this.#object.write(text, stored?.revision, options);
  }
}
