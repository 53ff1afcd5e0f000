import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { errorCode, fileProblem } from '../../settings/files.ts';
import type { ComponentFile } from './component-files.ts';

// An app's process has another user than the orchestrator's, which is not allowed to give files
// away: it is let in as a member of the group. Nobody else is.
const FOLDER_MODE = 0o750;
const FILE_MODE = 0o640;

/** A folder that holds exactly some component files. */
export interface ComponentFolder {
  readonly path: string;
  /** The folder's name: equal for equal files. */
  readonly name: string;
}

/**
 * Writes component files into a folder named by their content. What a running container sees is
 * therefore never changed under it, and a folder is complete from the moment it is there.
 *
 * @param parent - created if it is not there
 * @throws ConfigError the folder cannot be written
 */
export async function writeComponents(
  parent: string,
  files: readonly ComponentFile[],
): Promise<ComponentFolder> {
  const name = contentName(files);
  const path = join(parent, name);
  try {
    await mkdir(parent, { recursive: true, mode: FOLDER_MODE });
    if (!(await holds(path, files))) await writeFolder(path, files);
    return { path, name };
  } catch (error) {
    throw new ConfigError(
      `the component files cannot be written to ${parent}: ${fileProblem(error)}. Give the orchestrator a folder it may write to as orchestrator.data_folder.`,
      error,
    );
  }
}

/**
 * Removes the folders that nobody uses any more.
 *
 * @param isUsed - whether a folder's name is that of one in use
 * @param unusedMs - how old a folder must be: a young one may be about to be used
 */
export async function pruneComponents(
  parent: string,
  {
    isUsed,
    unusedMs,
    now,
  }: {
    readonly isUsed: (name: string) => boolean;
    readonly unusedMs: number;
    readonly now: number;
  },
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    if (!/^\.?[0-9a-f]{32}(?:\.|$)/.test(name) || isUsed(name)) continue;
    if ((await stat(path)).mtimeMs > now - unusedMs) continue;
    await rm(path, { recursive: true, force: true });
    removed.push(name);
  }
  return removed;
}

function contentName(files: readonly ComponentFile[]): string {
  const content = files.map(({ name, text }) => [name, text.reveal()]);
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
}

/** Whether a folder is what its name says: somebody may have edited what is in it. */
async function holds(path: string, files: readonly ComponentFile[]): Promise<boolean> {
  try {
    const names = await readdir(path);
    if (names.length !== files.length) return false;
    const contents = await Promise.all(
      files.map(async ({ name }) => readFile(join(path, name), 'utf8')),
    );
    return files.every(({ text }, index) => contents[index] === text.reveal());
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return false;
    throw error;
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', FILE_MODE);
  try {
    await file.writeFile(text);
    await file.chmod(FILE_MODE);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes a folder beside its place, and moves it there once it is complete. */
async function writeFolder(path: string, files: readonly ComponentFile[]): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  await mkdir(draft, { mode: FOLDER_MODE });
  try {
    for (const file of files) await writeDurably(join(draft, file.name), file.text.reveal());
    // Whatever the umask left out.
    await chmod(draft, FOLDER_MODE);
    await moveTo(path, draft, files);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function moveTo(path: string, draft: string, files: readonly ComponentFile[]): Promise<void> {
  try {
    await rename(draft, path);
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
    // Somebody else was as fast, which is as well; what was tampered with gives way.
    if (await holds(path, files)) return;
    await rm(path, { recursive: true, force: true });
    await rename(draft, path);
  }
}
