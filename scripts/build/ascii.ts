import type { Plugin } from 'rolldown';

/**
 * Writes what is not ASCII as escapes. One dash in half a megabyte of text, and V8 keeps all of it in two bytes
 * a character.
 */
export const asAscii: Plugin = {
  name: 'as-ascii',
  generateBundle(_options, bundle) {
    for (const part of Object.values(bundle)) {
      if (part.type === 'chunk') part.code = inAscii(part.code);
    }
  },
};

/**
 * The same program: outside comments, which the bundle has none of, JavaScript reads an escape wherever it
 * reads a character that is not ASCII, in strings, templates, patterns and names.
 */
export function inAscii(code: string): string {
  if (/\bString\.raw`[^`]*[^\0-\x7f]/.test(code))
    throw new Error('String.raw would give the escape itself');
  return code.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
