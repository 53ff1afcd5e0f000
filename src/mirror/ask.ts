import type { Options } from '../options.ts';
import { abandonable } from '../registry/http/clock.ts';
import type { ReleaseList } from '../releases/release-source.ts';
import type { StoredMap } from '../stores/map-store.ts';
import type { BoundedOptions, RunDependencies } from './run.ts';

/** What a run begins with. */
export interface Beginning {
  readonly announced: ReleaseList;
  /** `undefined`: there is no map yet. */
  readonly stored: StoredMap | undefined;
}

/**
 * Asks for what is announced and for the map, both at once.
 *
 * @throws ReleaseSourceError
 * @throws MapStoreError
 */
export async function ask(
  { releases, store }: Pick<RunDependencies, 'releases' | 'store'>,
  { signal, abandon }: Pick<BoundedOptions, 'signal' | 'abandon'>,
): Promise<Beginning> {
  const options: Options = signal === undefined ? {} : { signal };
  const asked = Promise.allSettled([releases.latest(options), store.read(options)]);
  const [announced, stored] = await abandonable(asked, abandon);
  // Of two failures it is always the graver that is told, whichever came first.
  if (announced.status === 'rejected') throw announced.reason;
  if (stored.status === 'rejected') throw stored.reason;
  return { announced: announced.value, stored: stored.value };
}
