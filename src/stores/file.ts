import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, renameSync, statSync, type BigIntStats } from 'node:fs';
import { lstat, open, readFile, readlink, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errorMessage, MapStoreError } from '../errors.ts';
import type { Options } from '../options.ts';
import { removeLeftovers } from './file/leftovers.ts';
import { type FileLock, withFileLock } from './file/lock.ts';
import type { ProvableMapStore, Revision, ScratchMapStore, StoredMap } from './map-store.ts';
import { assertMapSize, decodeMapText } from './map-text.ts';

const LOCK_WAIT_MS = 20_000;
const MAX_SYMLINKS = 40;

interface FileOnDisk {
  readonly bytes: Uint8Array;
  /** From before the bytes were read. */
  readonly stats: BigIntStats;
}

/**
 * A map in a local file. Compare and swap is done under a lock file beside it, which every copy of
 * this product honours; an editor does not, and has only the instant between comparing and
 * renaming to be overwritten in: two system calls without anything between them.
 *
 * The file is replaced in one step, keeps its mode, and a symbolic link is followed to it.
 */
export function createFileStore(path: string): ProvableMapStore {
  return new FileStore(path);
}

class FileStore implements ScratchMapStore, ProvableMapStore {
  readonly location: string;
  readonly #path: string;

  constructor(path: string) {
    this.location = `file:${path}`;
    this.#path = resolve(path);
  }

  async read({ signal }: Options = {}): Promise<StoredMap | undefined> {
    signal?.throwIfAborted();
    const file = await this.#explained('read', signal, async () =>
      this.#readFile(await this.#target()),
    );
    return (
      file && {
        text: decodeMapText(file.bytes, this.location),
        revision: revisionOf(file.bytes),
      }
    );
  }

  async write(
    text: string,
    expected: Revision | undefined,
    { signal }: Options = {},
  ): Promise<Revision> {
    signal?.throwIfAborted();
    return this.#explained('write', signal, async () => {
      const target = await this.#target();
      const lock = join(dirname(target), `.${basename(target)}.lock`);
      return withFileLock(lock, (held) => this.#replace(target, lock, text, expected, held), {
        waitMs: LOCK_WAIT_MS,
        ...(signal === undefined ? {} : { signal }),
      });
    });
  }

  scratch(suffix: string): ScratchMapStore {
    return new FileStore(`${this.#path}${suffix}`);
  }

  async remove({ signal }: Options = {}): Promise<void> {
    await this.#explained('remove', signal, async () => rm(this.#path, { force: true }));
  }

  async #replace(
    target: string,
    lock: string,
    text: string,
    expected: Revision | undefined,
    held: FileLock,
  ): Promise<Revision> {
    await removeLeftovers(target, lock);
    const current = await this.#readFile(target);
    if ((current && revisionOf(current.bytes)) !== expected) throw this.#conflict();
    const bytes = Buffer.from(text, 'utf8');
    const temporary = join(dirname(target), temporaryName(target, randomUUID()));
    try {
      await writeDurably(temporary, bytes, current?.stats);
      held.assertHeld();
      // Writing took its time, to the disk and back; an editor may have saved meanwhile.
      if (!isUnchanged(target, current)) throw this.#conflict();
      renameSync(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(target));
    return revisionOf(bytes);
  }

  #conflict(): MapStoreError {
    return new MapStoreError(
      'MAP_CONFLICT',
      `${this.location} was changed by somebody else since it was read; nothing was written`,
    );
  }

  /** `undefined`: the folder is there, the file is not. */
  async #readFile(target: string): Promise<FileOnDisk | undefined> {
    let stats: BigIntStats;
    try {
      stats = await stat(target, { bigint: true });
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      await stat(dirname(target));
      return undefined;
    }
    if (!stats.isFile()) {
      throw unavailable(this.location, 'it is not a regular file', undefined, false);
    }
    assertMapSize(Number(stats.size), this.location);
    return { bytes: await readFile(target), stats };
  }

  /** The file itself, at the end of symbolic links, whether it exists or not. */
  async #target(): Promise<string> {
    let path = this.#path;
    for (let hops = 0; hops < MAX_SYMLINKS; hops += 1) {
      try {
        return await realpath(path);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
      const folder = await realpath(dirname(path));
      path = join(folder, basename(path));
      const link = await linkTarget(path);
      if (link === undefined) return path;
      path = resolve(folder, link);
    }
    throw unavailable(this.location, 'its symbolic links go round in circles', undefined, false);
  }

  async #explained<T>(
    verb: string,
    signal: AbortSignal | undefined,
    action: () => Promise<T>,
  ): Promise<T> {
    try {
      return await action();
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof MapStoreError) throw error;
      const reason = REASONS[errnoOf(error) ?? ''];
      throw unavailable(
        this.location,
        `could not ${verb} it: ${reason ?? errorMessage(error)}`,
        error,
        reason === undefined,
      );
    }
  }
}

/** What only the operator can mend, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist; create the folder',
  ENOTDIR: 'a part of its path is not a folder',
  EACCES: 'permission denied; the file and its folder must be readable and writable',
  EPERM: 'permission denied; the file and its folder must be readable and writable',
  EROFS: 'the file system is read-only',
  ELOOP: 'its symbolic links go round in circles',
  ENAMETOOLONG: 'the path is too long',
  EBUSY: 'it is a mount of its own and cannot be replaced; mount its folder instead of the file',
  EXDEV: 'it is a mount of its own and cannot be replaced; mount its folder instead of the file',
};

function unavailable(
  location: string,
  what: string,
  cause: unknown,
  isRetryable: boolean,
): MapStoreError {
  return new MapStoreError('MAP_UNAVAILABLE', `${location}: ${what}`, cause, isRetryable);
}

function revisionOf(bytes: Uint8Array): Revision {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Revision;
}

function temporaryName(target: string, unique: string): string {
  return `.${basename(target)}.${unique}.tmp`;
}

async function writeDurably(
  path: string,
  bytes: Uint8Array,
  like: BigIntStats | undefined,
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    if (like !== undefined) {
      // Only root may give files away; for others the new file is theirs, as with any editor.
      if (process.getuid?.() === 0) await file.chown(Number(like.uid), Number(like.gid));
      await file.chmod(Number(like.mode) & 0o7777);
    }
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself survive a power cut. */
async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Whether a file is still what was read. Without a turn of the event loop, in which others could act. */
function isUnchanged(path: string, read: FileOnDisk | undefined): boolean {
  const now = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (now === undefined || read === undefined) return now === read;
  const { stats } = read;
  const isSame =
    now.dev === stats.dev &&
    now.ino === stats.ino &&
    now.size === stats.size &&
    now.mtimeNs === stats.mtimeNs &&
    now.ctimeNs === stats.ctimeNs;
  // Not every network file system gives a file the same number twice.
  return isSame || Buffer.compare(readFileSync(path), read.bytes) === 0;
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
