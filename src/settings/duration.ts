import { ConfigError } from '../errors.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
/** Beyond that, numbers are no times any more. */
const LONGEST_SECONDS = 100 * 366 * 86_400;
const DURATION = /^(?:\d+[smhd])+$/;

/**
 * Reads `90s`, `30m`, `1h`, `7d`, or several together: `1h30m`.
 *
 * @returns seconds
 * @throws ConfigError
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  if (!DURATION.test(text)) {
    throw new ConfigError('is not a duration: write a number with a unit, like 90s, 30m, 1h or 7d');
  }
  const seconds = [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, count = '', unit = '']) => sum + Number(count) * (SECONDS[unit] ?? 0),
    0,
  );
  if (seconds > LONGEST_SECONDS) throw new ConfigError('is longer than a hundred years');
  return seconds;
}
