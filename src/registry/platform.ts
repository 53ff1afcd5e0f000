import { ConfigError } from '../errors.ts';
import type { Platform } from './manifest.ts';

const PLATFORM = /^([a-z0-9._-]+)\/([a-z0-9._-]+)(?:\/([a-z0-9._-]+))?$/;
/** What an index leaves out. Source: `platforms.Normalize` of containerd. */
const USUAL_VARIANTS: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7' };

/**
 * Reads `linux/amd64` or `linux/arm/v7`.
 *
 * @throws ConfigError
 */
export function parsePlatform(text: string): Platform {
  const [, os, architecture, variant] = PLATFORM.exec(text) ?? [];
  if (os === undefined || architecture === undefined) {
    throw new ConfigError('is not a platform: write os/architecture, like linux/amd64');
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** `linux/arm64/v8` */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== undefined).join('/');
}

/** Whether a platform is the wanted one. Whoever wants no particular variant takes each of them. */
export function matchesPlatform(
  wanted: Platform,
  { os, architecture, variant }: Platform,
): boolean {
  return (
    wanted.os === os &&
    wanted.architecture === architecture &&
    (wanted.variant === undefined || wanted.variant === (variant ?? USUAL_VARIANTS[architecture]))
  );
}
