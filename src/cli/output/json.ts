import { escapeUnprintable } from '../../quote.ts';

/** A result as JSON on stdout: indented, so that a person can read it too. */
export function reportLines(result: unknown): string {
  return `${JSON.stringify(result, undefined, 2).split('\n').map(escapeUnprintable).join('\n')}\n`;
}

/** A value as JSON on one line. What could move a cursor is escaped: JSON may hold some of it as it is. */
export function jsonLine(value: unknown): string {
  return `${escapeUnprintable(JSON.stringify(value))}\n`;
}
