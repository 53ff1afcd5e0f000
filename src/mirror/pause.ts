import { setTimeout as delay } from 'node:timers/promises';
import type { Options } from '../options.ts';

/** Waits; rejects with the signal's own reason, where Node's timer has one of its own. */
export async function pause(ms: number, { signal }: Options): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
