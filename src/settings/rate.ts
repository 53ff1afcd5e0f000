import { ConfigError } from '../errors.ts';

/** Bytes. Letters as the units are written: MB is 1000 kB, MiB 1024 KiB, and a bit is an eighth. */
const UNITS: Readonly<Record<string, number>> = {
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  kbit: 1000 / 8,
  Mbit: 1000 ** 2 / 8,
  Gbit: 1000 ** 3 / 8,
};
const RATE = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)\/s$/;
/** Below that a registry at either end would take a transfer for dead. */
const LEAST = 100_000;

/**
 * Reads `50MB/s`, `1.5 MiB/s`, `400Mbit/s`.
 *
 * @returns bytes a second
 * @throws ConfigError
 */
export function parseRate(text: string): number {
  const [, number = '', unit = ''] = RATE.exec(text) ?? [];
  const bytes = Number(number) * (Object.hasOwn(UNITS, unit) ? (UNITS[unit] ?? 0) : Number.NaN);
  if (number === '' || !Number.isFinite(bytes)) {
    throw new ConfigError(
      `is not a rate: write a number with a unit a second, like 50MB/s or 400Mbit/s (units: ${Object.keys(UNITS).join(', ')})`,
    );
  }
  if (bytes < LEAST) {
    throw new ConfigError('is less than 100kB/s: registries would give up on such transfers');
  }
  return Math.floor(bytes);
}
