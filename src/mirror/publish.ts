import { MapStoreError } from '../errors.ts';
import { parseImageMap } from '../image-map/image-map.ts';
import { type Logger, silentLogger } from '../log.ts';
import type { Options } from '../options.ts';
import type { MapStore, Revision, StoredMap } from '../stores/map-store.ts';
import { pause } from './pause.ts';

const ATTEMPTS = 40;
/** Failures in a row to reach the store; the SDKs have tried several times within each. */
const UNAVAILABLE_IN_A_ROW = 4;
const BACK_OFF_MS = 50;
const MAX_BACK_OFF_MS = 3000;
const KEYS_NAMED = 5;

export interface PublishOptions extends Options {
  readonly store: MapStore;
  /** Runs beside every look at the map: finds out what `edit` has to know about this moment. */
  readonly prepare?: (options: Options) => Promise<void>;
  /**
   * Gives the new text for the map's present one; `undefined`: there is no map yet. Called again
   * after every conflict, so it must depend on nothing but its argument and what `prepare` found.
   * The same text, or an empty one for no map: there is nothing to write.
   */
  readonly edit: (text: string | undefined) => string;
  readonly logger?: Logger;
  /** Times to write before giving up on a map that others keep changing. */
  readonly attempts?: number;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly sleep?: (ms: number, options: Options) => Promise<void>;
}

export interface Published {
  /** `false`: the map said all this already. */
  readonly changed: boolean;
  /** `undefined`: there is no map, and nothing to write to one. */
  readonly revision: Revision | undefined;
  readonly text: string;
  /** Writes that were tried. */
  readonly attempts: number;
}

/**
 * Edits the map by compare and swap, as often as it takes. Everybody else's edits survive: what is
 * written is always the edit of what was there at that instant.
 *
 * @throws MapStoreError `MAP_INVALID`: what is there is not a map, and was left untouched
 * @throws MapStoreError `MAP_CONFLICT`: others kept changing it
 * @throws MapStoreError `MAP_UNAVAILABLE`
 */
export async function publish(options: PublishOptions): Promise<Published> {
  const { store, attempts = ATTEMPTS, logger = silentLogger } = options;
  const { random = Math.random, sleep = pause } = options;
  const waiting: Options = options.signal === undefined ? {} : { signal: options.signal };
  const started = performance.now();
  const state: State = { writes: 0, pending: undefined, lost: '' };
  let unavailable = 0;

  for (let failures = 1; ; failures += 1) {
    options.signal?.throwIfAborted();
    try {
      const result = await tryOnce(options, state, waiting);
      if (result !== 'spent') return result;
    } catch (error) {
      if (!(error instanceof MapStoreError) || !error.retryable) throw error;
      unavailable = error.code === 'MAP_UNAVAILABLE' ? unavailable + 1 : 0;
      if (unavailable >= UNAVAILABLE_IN_A_ROW) throw error;
      logger.debug(`publishing the map again: ${error.message}`, { writes: state.writes });
      const ms = random() * Math.min(MAX_BACK_OFF_MS, BACK_OFF_MS * 2 ** failures);
      await sleep(ms, waiting);
      continue;
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    throw new MapStoreError(
      'MAP_CONFLICT',
      `${store.location}: somebody else changed the map each of the ${attempts} times it was about to be written, over ${seconds} s. Nothing of theirs was overwritten, and ours is not in it: ${state.lost}. Run again, and look who else writes this map.`,
    );
  }
}

interface State {
  writes: number;
  /** What the last write wanted to store, as long as it may have. */
  pending: string | undefined;
  /** In the way of what, and who: for the error when it comes to that. */
  lost: string;
}

async function tryOnce(
  { store, prepare, edit, attempts = ATTEMPTS }: PublishOptions,
  state: State,
  waiting: Options,
): Promise<Published | 'spent'> {
  // Side by side; both are waited for, so that nothing goes on behind the back of the next try.
  const [prepared, read] = await Promise.allSettled([prepare?.(waiting), store.read(waiting)]);
  if (prepared.status === 'rejected') throw prepared.reason;
  if (read.status === 'rejected') throw read.reason;
  const current = read.value;
  // A write whose reply was lost has landed; an SDK that repeated it reports a conflict. Either
  // way the bytes there are ours.
  if (state.pending !== undefined && current?.text === state.pending) {
    return {
      changed: true,
      revision: current.revision,
      text: current.text,
      attempts: state.writes,
    };
  }
  const text = editChecked(store, current, edit);
  if (text === (current?.text ?? '')) {
    return { changed: false, revision: current?.revision, text, attempts: state.writes };
  }
  if (state.writes >= attempts) {
    state.lost = describeLoss(current, text);
    return 'spent';
  }
  state.writes += 1;
  state.pending = text;
  const revision = await store.write(text, current?.revision, waiting);
  return { changed: true, revision, text, attempts: state.writes };
}

/** What could not be written, and who wrote last. */
function describeLoss(current: StoredMap | undefined, text: string): string {
  const before = parseImageMap(current?.text ?? '');
  const keys = parseImageMap(text)
    .entries.filter(({ key, value }) => before.entry(key)?.value !== value)
    .map(({ key }) => JSON.stringify(key));
  const more = keys.length > KEYS_NAMED ? ` and ${keys.length - KEYS_NAMED} more` : '';
  const what = keys.length === 0 ? 'an edit' : `${keys.slice(0, KEYS_NAMED).join(', ')}${more}`;
  return `${what} (the map was last written by ${current?.writer ?? 'somebody who left no name'})`;
}

/** Neither what is overwritten nor what is written may be anything but a map. */
function editChecked(
  store: MapStore,
  current: StoredMap | undefined,
  edit: PublishOptions['edit'],
): string {
  if (current !== undefined) parseImageMap(current.text, store.location);
  const text = edit(current?.text);
  if (text !== current?.text) parseImageMap(text, `new text of ${store.location}`);
  return text;
}
