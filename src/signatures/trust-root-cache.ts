import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseTrustRoot } from './parse-trust-root.ts';
import type { TrustRoot } from './trust-root.ts';

/** A root that was checked by TUF when it was stored. */
export interface CachedRoot {
  readonly root: TrustRoot;
  /** Milliseconds since the epoch. */
  readonly refreshedAt: number;
}

const FILE = 'trusted-root.json';

/**
 * Reads the cached root.
 *
 * @returns `undefined` where there is none that can be used: it is only a cache
 */
export async function readCachedRoot(folder: string): Promise<CachedRoot | undefined> {
  try {
    const text = await readFile(join(folder, FILE), 'utf8');
    const { refreshedAt, trustedRoot }: Record<string, unknown> = JSON.parse(text);
    if (typeof refreshedAt !== 'number' || typeof trustedRoot !== 'string') return undefined;
    return { root: parseTrustRoot(trustedRoot, folder), refreshedAt };
  } catch {
    return undefined;
  }
}

/** Stores a root at once for all readers. @throws Error the folder cannot be written */
export async function writeCachedRoot(
  folder: string,
  trustedRoot: string,
  refreshedAt: number,
): Promise<void> {
  const path = join(folder, FILE);
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, JSON.stringify({ refreshedAt, trustedRoot }));
  await rename(temporary, path);
}
