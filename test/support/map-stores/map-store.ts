import { basename } from 'node:path';

/** A store of maps, as somebody uses it who does without the product. */
export interface Store {
  readonly name: string;
  /** `host:port` of the server; a relay may stand before it. `undefined`: a file needs none. */
  readonly host: string | undefined;
  /** What only who may write knows. */
  readonly secrets: readonly string[];
  /** A map of its own. */
  readonly place: (key: string) => Place;
}

/** One that was started for this. */
export interface StartedStore extends Store {
  readonly stop: () => Promise<void>;
}

/** One map in a store. */
export interface Place {
  /** The section `map` of a configuration, the store being reached by `host`. */
  readonly settings: (host: string) => object;
  readonly read: () => Promise<string | undefined>;
  /** Writes it as a person's tool does: only if nobody did in between, otherwise once more. */
  readonly edit: (change: (text: string | undefined) => string) => Promise<void>;
  /** Everything that stands where the map stands, by its name. */
  readonly beside: () => Promise<readonly string[]>;
}

/** Bucket or container of all maps. */
export const CONTAINER = 'maps';

/** @param attempt - whether it has come before all others */
export async function untilWon(attempt: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) if (await attempt()) return;
  throw new Error('others won a thousand times');
}

/** What of the things beside a map is not the map. */
export function litterOf(names: readonly string[], key: string): readonly string[] {
  return names.filter((name) => basename(name) !== basename(key));
}
