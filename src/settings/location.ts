import { isAbsolute, resolve } from 'node:path';

/** Makes a `file:` location absolute; anything else is left for the validation to judge. */
export function absoluteLocation(text: string, base: string): string {
  const path = /^file:(?!\/\/)(.+)$/is.exec(text)?.[1];
  return path === undefined || isAbsolute(path) || path.endsWith('/')
    ? text
    : `file:${resolve(base, path)}`;
}
