import { ConfigError } from '../errors.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
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
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, count = '', unit = '']) => sum + Number(count) * (SECONDS[unit] ?? 0),
    0,
  );
}
