import { abandonable } from '../abandonable.ts';
import type { Options } from '../options.ts';
import { passing, unavailable } from './failure.ts';
import type { MapStore, ProvableMapStore, ScratchMapStore } from './map-store.ts';

/** For everything that one call may do, the SDK's own tries included. */
const LIMIT_MS = 120_000;

/**
 * A store whose calls end, whatever the server behind it does. The SDKs wait for ever for the rest of
 * an answer that has begun (S3, Azure), and for one that never comes (Azure).
 *
 * @param limitMs - milliseconds that a call may take
 */
export function withTimeLimit(
  store: ProvableMapStore,
  limitMs: number = LIMIT_MS,
): ProvableMapStore {
  return {
    ...limited(store, limitMs),
    scratch(suffix): ScratchMapStore {
      const scratch = store.scratch(suffix);
      return {
        ...limited(scratch, limitMs),
        remove: async (options) =>
          within(limitMs, scratch.location, 'remove', options, (own) => scratch.remove(own)),
      };
    },
  };
}

function limited(store: MapStore, limitMs: number): MapStore {
  const { location } = store;
  return {
    location,
    read: async (options) => within(limitMs, location, 'read', options, (own) => store.read(own)),
    write: async (text, expected, options) =>
      within(limitMs, location, 'write', options, (own) => store.write(text, expected, own)),
  };
}

async function within<T>(
  limitMs: number,
  location: string,
  verb: string,
  { signal }: Options = {},
  call: (options: Options) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const limit = new AbortController();
  const given = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
  const timer = setTimeout(() => {
    const words = `the store fell silent: nothing came of it within ${Math.ceil(limitMs / 1000)} s`;
    limit.abort(unavailable(location, verb, passing(words), undefined));
  }, limitMs);
  try {
    return await abandonable(call({ signal: given }), given);
  } catch (error) {
    signal?.throwIfAborted();
    throw limit.signal.aborted ? limit.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
