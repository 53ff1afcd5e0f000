import { parseEnv } from 'node:util';
import type { ConfigIssue } from '../../errors.ts';
import type { Place } from '../../settings/document.ts';
import type { Environment } from '../../settings/interpolate.ts';

/** What a `.env` sets. */
export interface EnvFile {
  readonly values: Environment;
  /** Lines that set nothing; their text is not repeated, since it may be a secret. */
  readonly issues: readonly ConfigIssue[];
  /** Where a variable is set; `undefined` if it is not. */
  placeOf(name: string): Place | undefined;
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/s;

/** Parses a `.env` as Node does, and finds its lines. `file` is how messages call it. */
export function parseEnvFile(text: string, file: string): EnvFile {
  const plain = text.replace(/^\u{feff}/u, '');
  const lines = plain.split(/\r?\n/);
  const places = new Map<string, number>();
  const issues: ConfigIssue[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (/^\s*(?:#.*)?$/s.test(line)) continue;
    const [, name, value = ''] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined) {
      const hint = /^\s*[A-Za-z_]\w*\s*:/.test(line) ? ': write "=" in place of ":"' : '';
      issues.push({ file, line: index + 1, column: 1, message: `this is not NAME=value${hint}` });
      continue;
    }
    places.set(name, index + 1);
    index += linesOfValue(value, lines.slice(index + 1));
  }
  return {
    values: parseEnv(plain),
    issues,
    placeOf: (name) => {
      const line = places.get(name);
      return line === undefined ? undefined : { file, line, column: 1 };
    },
  };
}

/** How many further lines a value in quotes takes; one that is never closed takes none. */
function linesOfValue(value: string, following: readonly string[]): number {
  const quote = /^["'`]/.exec(value)?.[0];
  if (quote === undefined || value.indexOf(quote, 1) !== -1) return 0;
  return following.findIndex((line) => line.includes(quote)) + 1;
}
