import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What the package's entry points are described by. */
const ENTRIES = ['index.d.ts', 'image-map/image-map.d.ts'];

const SPECIFIER = /((?:from|import)\s*\(?\s*)(['"])([^'"]+)\2/g;

/**
 * The declarations that the entry points need, out of those of all sources.
 *
 * @throws Error if they need another package's: none is installed with this one
 */
export async function reachableDeclarations(
  folder: string,
): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const found = new Map<string, string>();
  const waiting = [...ENTRIES];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    const source = await readFile(join(folder, path), 'utf8');
    for (const [, , , name = ''] of source.matchAll(SPECIFIER)) {
      if (name.startsWith('.')) {
        waiting.push(join(dirname(path), name.replace(/\.ts$/, '.d.ts')));
      } else if (!name.startsWith('node:')) {
        throw new Error(`the library's types need ${name}, in ${path}: keep them apart`);
      }
    }
    found.set(
      path,
      source.replace(SPECIFIER, (all: string) => all.replace(/\.ts(?=['"]$)/, '.js')),
    );
  }
  return [...found].map(([path, text]) => ({ path, text }));
}
