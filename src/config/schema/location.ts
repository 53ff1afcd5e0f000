import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../errors.ts';

/**
 * Checks where the map lies: `file:image-map.yaml`, `file:/srv/image-map.yaml`, `file:///srv/…`.
 *
 * @throws ConfigError
 */
export function checkLocation(text: string): void {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(text) ?? [];
  if (scheme === '') throw new ConfigError('names no kind of store: write file: before the path');
  if (scheme !== 'file') {
    throw new ConfigError('is in no store that this version knows: expected file:PATH');
  }
  if (rest === '') throw new ConfigError('names no file: write a path after file:');
  if (rest.endsWith('/')) throw new ConfigError('is a folder: name the file in it');
  if (!rest.startsWith('//')) return;
  try {
    fileURLToPath(text);
  } catch (error) {
    throw new ConfigError('is on another host: write file:PATH or file:///PATH', error);
  }
}

/** Makes a `file:` location absolute; anything else is left for {@link checkLocation} to judge. */
export function absoluteLocation(text: string, base: string): string {
  const path = /^file:(?!\/\/)(.+)$/s.exec(text)?.[1];
  return path === undefined || isAbsolute(path) || path.endsWith('/')
    ? text
    : `file:${resolve(base, path)}`;
}
