import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorMessage, ReportError } from '../errors.ts';

/**
 * Replaces a file in one step: who reads it sees the old one or the new one. Its folder is made where
 * it is missing.
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
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new ReportError(
      'REPORT_UNWRITABLE',
      `${path} could not be written: ${reasonOf(error)}. The run itself is not affected.`,
      error,
    );
  }
}

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
