import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorMessage, ReportError } from '../errors.ts';

/** Writing takes a moment; a draft this much older than what has just been written was left by a process that died. */
const ABANDONED_MS = 600_000;

/**
 * Replaces a file in one step: who reads it sees the old one or the new one. Its folder is made where
 * it is missing. What processes left that were killed at it is removed by its age.
 *
 * @throws ReportError `REPORT_UNWRITABLE`
 */
export async function writeFileInOneStep(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  // The name does not end as the file's: node_exporter reads every file that ends in .prom.
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    // Renaming onto a device or pipe would put a file in its place.
    const there = await stat(path).catch(ifMissing);
    if (there !== undefined && !there.isFile()) throw new Error('it is not a regular file');
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    // The file is written; that a folder cannot be listed, for example, changes nothing about it.
    await removeAbandoned(path).catch(() => undefined);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new ReportError(
      'REPORT_UNWRITABLE',
      `${path} could not be written: ${reasonOf(error)}. The run itself is not affected.`,
      error,
    );
  }
}

/** Both ages are told by the file system, which may be another machine's. */
async function removeAbandoned(path: string): Promise<void> {
  const { mtimeMs: now } = await stat(path);
  const folder = dirname(path);
  const [head, tail] = [`.${basename(path)}.`, '.tmp'];
  for (const name of await readdir(folder)) {
    const isDraft = name.startsWith(head) && UNIQUE.test(name.slice(head.length, -tail.length));
    if (!isDraft || !name.endsWith(tail)) continue;
    const draft = await stat(join(folder, name)).catch(ifMissing);
    if (draft !== undefined && now - draft.mtimeMs > ABANDONED_MS) {
      await rm(join(folder, name), { force: true });
    }
  }
}

const UNIQUE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; give the job a folder that it may write to',
  EPERM: 'permission denied; give the job a folder that it may write to',
  EROFS: 'the file system is read-only; mount a volume for reports there',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EEXIST: 'a part of its path is a file, not a folder',
};

/** Why a file cannot be written, and what to do about it. */
export function reasonOf(error: unknown): string {
  return REASONS[errnoOf(error) ?? ''] ?? errorMessage(error);
}

function ifMissing(error: unknown): undefined {
  if (errnoOf(error) === 'ENOENT') return;
  throw error;
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
