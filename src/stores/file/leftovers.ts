import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const UNIQUE = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/**
 * Removes what processes left beside a map that died while they wrote it, or took or recovered its lock.
 * Called by whoever has the lock: nobody else has anything there then but drafts of locks, which are
 * made anew. Files of other maps and reports in the folder are theirs, whatever their names begin with.
 *
 * @param lock - the lock file of the map, beside it
 */
export async function removeLeftovers(map: string, lock: string): Promise<void> {
  const folder = dirname(map);
  const draft = String.raw`\.${escaped(basename(map))}\.${UNIQUE}\.tmp`;
  // Guards are named after the lock they are for, and the guard of a guard after both.
  const guard = String.raw`${escaped(basename(lock))}(?:\.[0-9a-f]{16})+`;
  const guardOrDraft = String.raw`(?:${escaped(basename(lock))}|${guard})\.${UNIQUE}\.tmp`;
  const leftover = new RegExp(`^(?:${draft}|${guard}|${guardOrDraft})$`);
  for (const name of await readdir(folder)) {
    if (leftover.test(name)) await rm(join(folder, name), { force: true });
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
