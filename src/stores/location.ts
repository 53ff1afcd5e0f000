import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, errorMessage } from '../errors.ts';
import type { MapPlace } from './place.ts';

/** How a place for the map is written, by its scheme. */
const FORMS: Readonly<Record<string, string>> = {
  file: 'file:PATH',
  s3: 's3://BUCKET/KEY',
  azblob: 'azblob://ACCOUNT/CONTAINER/KEY',
  gs: 'gs://BUCKET/KEY',
};
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Understands where the map is kept. Nothing is asked of the place.
 *
 * @param cwd - what a relative `file:` path is relative to
 * @throws ConfigError
 */
export function parseMapLocation(location: string, cwd: string): MapPlace {
  // Not shown: what stands before the "@" may be a password.
  if (/^[a-z0-9]+:\/\/[^/]*@/i.test(location)) {
    throw new ConfigError(
      'the place of the map must hold no credentials: leave out what ends in "@"',
    );
  }
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(location)?.[1]?.toLowerCase() ?? '';
  if (scheme === 'file') return { kind: 'file', path: resolve(cwd, pathOf(location)) };
  const form = Object.hasOwn(FORMS, scheme) ? FORMS[scheme] : undefined;
  if (form === undefined) throw unknownScheme(location, scheme);

  const parts = /^[^:]+:\/\/([^?#]*)$/.exec(location)?.[1]?.split('/') ?? [];
  const names = parts.slice(0, scheme === 'azblob' ? 2 : 1);
  const key = parts.slice(names.length).join('/');
  if (!names.every((name) => NAME.test(name)) || key === '' || key.endsWith('/')) {
    throw new ConfigError(`${JSON.stringify(location)} is not a place for the map: write ${form}`);
  }
  const [first = '', second = ''] = names;
  if (scheme === 's3') return { kind: 's3', bucket: first, key };
  if (scheme === 'gs') return { kind: 'gs', bucket: first, key };
  return { kind: 'azblob', account: first, container: second, key };
}

function unknownScheme(location: string, scheme: string): ConfigError {
  const hint = scheme === '' ? `; for a local file write "file:${location}"` : '';
  const known = new Intl.ListFormat('en', { type: 'disjunction' }).format(Object.values(FORMS));
  return new ConfigError(
    `${JSON.stringify(location)} is not a place for the map: write ${known}${hint}`,
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
