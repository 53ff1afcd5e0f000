import { homedir } from 'node:os';
import { join } from 'node:path';
import type { World } from './world.ts';

/** A folder for what may be lost: it costs time to make it anew, and nothing else. */
export function cacheFolder(env: World['env'], name: string): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sdr-mirror', name);
}
