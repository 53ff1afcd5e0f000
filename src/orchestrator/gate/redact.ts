import { concealLikely } from '../../conceal.ts';
import { Secret } from '../../secret.ts';

/** Shorter values are words of everyday: taking them out would hide more than it protects. */
const SHORTEST = 6;

/**
 * A function that takes secrets out of a line that somebody else wrote: the values it knows, and
 * whatever looks like one.
 */
export function redactor(values: Iterable<string | Secret>): (line: string) => string {
  const known = [...values]
    .filter((value) => value instanceof Secret)
    .map((secret) => secret.reveal())
    // Of a secret of several lines each is one: what is shown are lines.
    .flatMap((value) => [value, value.split('\n').map((line) => line.trim())].flat())
    .filter((value) => value.length >= SHORTEST);
  return (line) => concealLikely(line, known);
}
