import { resolve as resolvePath } from 'node:path';
import { ConfigError, errorMessage } from '../errors.ts';
import type { Role } from './fields.ts';
import { absoluteLocation } from './location.ts';
import type { ReadFile } from './read-file.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EISDIR: 'it is a folder, not a file',
  ENOTDIR: 'a part of its path is a file, not a folder',
};

/** Why a file could not be read, for people. */
export function fileProblem(error: unknown): string {
  const code = errorCode(error);
  return REASONS[code ?? ''] ?? `the system says ${code ?? errorMessage(error)}`;
}

/** Node's code of a failed system call. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** What a text that stands for a file is read with. */
export interface FileContext {
  /** Where relative paths start; absolute. */
  readonly base: string;
  /** The text as it may be shown. */
  readonly shown: string;
  readonly readFile: ReadFile;
}

/**
 * What a text of that role stands for: a file's content, or an absolute path or location.
 *
 * @throws ConfigError the file cannot be read
 */
export async function resolveText(
  role: Role,
  text: string,
  { base, shown, readFile }: FileContext,
): Promise<string> {
  if (role === 'location') return absoluteLocation(text, base);
  if (role === 'path' && text === 'public') return text;
  if (role === 'pem' && text.includes('-----BEGIN ')) return text;
  const path = resolvePath(base, text);
  if (role === 'folder') return path;
  try {
    const content = await readFile(path);
    if (role === 'path' || role === 'fileOrFolder') return path;
    return role === 'secret' ? content.replace(/\r?\n$/, '') : content;
  } catch (error) {
    if (role === 'fileOrFolder' && errorCode(error) === 'EISDIR') return path;
    throw new ConfigError(`${shown} cannot be read: ${fileProblem(error)}`, error);
  }
}
