import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, errorMessage } from '../errors.ts';
import type { FilePlace, MapPlace } from './place.ts';

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
  const place = readLocation(location, cwd);
  if (!('problem' in place)) return place;
  // What stands before the "@" may be a password.
  const shown = location.replace(/\/\/[^/]*@/, '//[secret]@');
  throw new ConfigError(`${JSON.stringify(shown)} ${place.problem}`);
}

/** What is wrong with a location, in words that go on from it and repeat none of it. */
export function mapLocationProblem(location: string): string | undefined {
  const place = readLocation(location, '/');
  return 'problem' in place ? place.problem : undefined;
}

/** Which kind of store a location is meant to name. */
export function schemeOf(location: string): string {
  return /^([a-z][a-z0-9+.-]*):/i.exec(location)?.[1]?.toLowerCase() ?? '';
}

type Problem = { readonly problem: string };

function readLocation(location: string, cwd: string): MapPlace | Problem {
  if (/^[a-z0-9]+:\/\/[^/]*@/i.test(location)) {
    return { problem: 'holds credentials, which do not belong there: leave out what ends in "@"' };
  }
  const scheme = schemeOf(location);
  if (scheme === 'file') return readFileLocation(location, cwd);
  const form = Object.hasOwn(FORMS, scheme) ? FORMS[scheme] : undefined;
  if (form === undefined) {
    const hint = scheme === '' ? '; for a local file put "file:" before it' : '';
    const known = new Intl.ListFormat('en', { type: 'disjunction' }).format(Object.values(FORMS));
    return { problem: `is not a place for the map: write ${known}${hint}` };
  }
  const parts = /^[^:]+:\/\/([^?#]*)$/.exec(location)?.[1]?.split('/') ?? [];
  const names = parts.slice(0, scheme === 'azblob' ? 2 : 1);
  const key = parts.slice(names.length).join('/');
  if (!names.every((name) => NAME.test(name)) || key === '' || key.endsWith('/')) {
    return { problem: `is not a place for the map: write ${form}` };
  }
  const [first = '', second = ''] = names;
  if (scheme === 's3') return { kind: 's3', bucket: first, key };
  if (scheme === 'gs') return { kind: 'gs', bucket: first, key };
  return { kind: 'azblob', account: first, container: second, key };
}

function readFileLocation(location: string, cwd: string): FilePlace | Problem {
  const path = location.slice('file:'.length);
  if (path === '') return { problem: 'names no file: write "file:image-map.yaml"' };
  if (path.endsWith('/')) return { problem: 'is a folder: name the file in it' };
  if (!path.startsWith('//')) return { kind: 'file', path: resolve(cwd, path) };
  try {
    return { kind: 'file', path: fileURLToPath(location) };
  } catch (error) {
    const why = errorMessage(error);
    return { problem: `is not a file (${why}): write file:PATH or file:///ABSOLUTE/PATH` };
  }
}
