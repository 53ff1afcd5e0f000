import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, errorMessage } from '../errors.ts';
import type { MapStore } from './map-store.ts';

export interface OpenMapStoreOptions {
  /** What relative paths are relative to. */
  readonly cwd: string;
}

type Opener = (location: string, options: OpenMapStoreOptions) => Promise<MapStore>;

/** By scheme. Each loads its SDK only when it is called: together they cost half a second. */
const openers: Readonly<Record<string, Opener>> = {
  file: async (location, { cwd }) => {
    const { createFileStore } = await import('./file.ts');
    return createFileStore(resolve(cwd, pathOf(location)));
  },
};

/**
 * Opens the store that a location names. Nothing is asked of it yet.
 *
 * @param location - `file:path`, relative or absolute
 * @throws ConfigError for a location that no store knows
 */
export async function openMapStore(
  location: string,
  options: OpenMapStoreOptions,
): Promise<MapStore> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(location)?.[1]?.toLowerCase();
  const opener = Object.hasOwn(openers, scheme ?? '') ? openers[scheme ?? ''] : undefined;
  if (opener === undefined) {
    const hint = scheme === undefined ? `; for a local file write "file:${location}"` : '';
    throw new ConfigError(
      `${JSON.stringify(location)} is not a place for the map: it starts with ${known()}${hint}`,
    );
  }
  return opener(location, options);
}

function known(): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(
    Object.keys(openers).map((scheme) => `"${scheme}:"`),
  );
}

function pathOf(location: string): string {
  const path = location.slice('file:'.length);
  if (path === '') throw new ConfigError('"file:" names no file: write "file:image-map.yaml"');
  if (!path.startsWith('//')) return path;
  try {
    return fileURLToPath(location);
  } catch (error) {
    throw new ConfigError(
      `${JSON.stringify(location)} is not a file: ${errorMessage(error)}. Write "file:path" or "file:///absolute/path"`,
      error,
    );
  }
}
