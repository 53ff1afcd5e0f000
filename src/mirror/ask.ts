import type { Options } from '../options.ts';
import { abandonable } from '../abandonable.ts';
import type { ReleaseList } from '../releases/release-source.ts';
import type { MapReader, StoredMap } from '../stores/map-store.ts';
import { laterSignal, STOP_GRACES } from './abandon.ts';
import type { RunDependencies, RunOptions } from './run.ts';

/** What a run begins with. */
export interface Beginning {
  readonly announced: ReleaseList;
  /** `undefined`: there is no map yet. */
  readonly stored: StoredMap | undefined;
}

/**
 * Asks for what is announced and for the map, both at once. Nothing is under way yet that would be worth
 * finishing, so that being told to drain ends it as being told to stop does.
 *
 * @throws ReleaseSourceError
 * @throws MapStoreError
 */
export async function ask(
  { releases, store }: Pick<RunDependencies, 'releases'> & { readonly store: MapReader },
  { signal, drain, stop = STOP_GRACES }: Pick<RunOptions, 'signal' | 'drain' | 'stop'> = {},
): Promise<Beginning> {
  const stopped = AbortSignal.any([signal, drain].filter((each) => each !== undefined));
  const options: Options = { signal: stopped };
  const abandon = laterSignal(stopped, stop.imagesMs);
  try {
    stopped.throwIfAborted();
    const asked = Promise.allSettled([releases.latest(options), store.read(options)]);
    const [announced, stored] = await abandonable(asked, abandon.signal);
    // Of two failures it is always the graver that is told, whichever came first.
    if (announced.status === 'rejected') throw announced.reason;
    if (stored.status === 'rejected') throw stored.reason;
    return { announced: announced.value, stored: stored.value };
  } finally {
    abandon.dispose();
  }
}
