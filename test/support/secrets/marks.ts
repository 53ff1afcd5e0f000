import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Secrets by the place they stand in. Each holds a word of its own that stands nowhere else. */
export type Marks = Readonly<Record<string, string>>;

/** A secret for a place that takes any printable text: around the mark stands what encodings change. */
export function mark(word: string): string {
  return `p"/+${core(word)}=&<%`;
}

/** A secret for a place that takes letters and digits alone. */
export function core(word: string): string {
  return `zq${word.toUpperCase()}7qz`;
}

/** Says which secrets a text holds, in whatever encoding. */
export function marksIn(text: string, words: readonly string[]): readonly string[] {
  const seen = `${text}\n${decoded(text)}`;
  return words.filter((word) => shapes(core(word)).some((shape) => seen.includes(shape)));
}

/** @throws AssertionError with what stands around the secret */
export function assertUnmarked(text: string, words: readonly string[], where: string): void {
  const [found] = marksIn(text, words);
  if (found === undefined) return;
  const at = shapes(core(found)).map((shape) => text.indexOf(shape));
  const from = Math.max(0, Math.max(...at) - 200);
  assert.fail(`the secret ${found} is seen in ${where}: …${text.slice(from, from + 320)}…`);
}

/** Every file below a folder as `path: content`, but those in `except`. */
export async function filesBelow(folder: string, except: readonly string[]): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !except.some((each) => path.startsWith(join(folder, each))));
  const texts = await Promise.all(
    paths.map(async (path) => `${path}: ${await readFile(path, 'latin1')}`),
  );
  return texts.join('\n');
}

/** As it is, in the other case, in hexadecimal, and as it stands within base64 at each of three places. */
function shapes(text: string): readonly string[] {
  const base64 = [0, 1, 2].map((before) =>
    Buffer.from('-'.repeat(before) + text)
      .toString('base64')
      .replace(/=+$/, '')
      .slice(before + 2, -2),
  );
  return [text, text.toLowerCase(), Buffer.from(text).toString('hex'), ...base64];
}

/** Whatever looks like base64, decoded: there may be base64 within base64. */
function decoded(text: string): string {
  return [...text.matchAll(/[\w+/-]{16,}/g)]
    .map(([run]) => Buffer.from(run, 'base64').toString('latin1'))
    .join('\n');
}
