import { glob } from 'node:fs/promises';

/**
 * The folders of suites that start container engines, by how long they take. They come first, and the
 * longest of them foremost, so that all lanes end at about the same time.
 */
const ENGINES: readonly string[] = [
  'chain',
  'swap',
  'outages',
  'kills',
  'deployment',
  'image',
  'engine',
  'app-spec',
];

/**
 * The test files that are meant, each once: the longest first, as far as that is known.
 *
 * @param patterns - files, or globs of files
 * @throws Error for a pattern that means no file: a suite that is not there must not pass
 */
export async function testFiles(patterns: readonly string[], root: string): Promise<string[]> {
  const files = new Set<string>();
  for (const pattern of patterns) {
    let isEmpty = true;
    for await (const file of glob(pattern, { cwd: root })) {
      isEmpty = false;
      files.add(file);
    }
    if (isEmpty) throw new Error(`there is no test file ${pattern}`);
  }
  return [...files].toSorted((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
}

function rank(file: string): number {
  const engine = ENGINES.findIndex((folder) => file.includes(`/${folder}/`));
  return engine === -1 ? ENGINES.length : engine;
}
