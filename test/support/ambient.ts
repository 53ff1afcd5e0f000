import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** What stands in the environment in place of what clouds put there. */
export interface Ambience {
  /** Writes a file and gives its path. */
  readonly file: (name: string, text: string) => string;
  readonly folder: string;
}

/**
 * Replaces what the clouds' libraries find around them until the test ends: they read the
 * environment of the process themselves. Neither this machine's logins nor its cloud are looked at.
 */
export function setAmbience(
  test: TestContext,
  env: (ambience: Ambience) => Readonly<Record<string, string>>,
): Ambience {
  const folder = mkdtempSync(join(tmpdir(), 'sdr-ambience-'));
  const ambience: Ambience = {
    folder,
    file: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
  };
  const kept = { ...process.env };
  const cloudy = /^(?:AWS|GOOGLE|GCE|CLOUDSDK|AZURE|IDENTITY|MSI|ECS|HTTPS?_PROXY|NO_PROXY)/i;
  const clean = Object.entries(kept).filter(([name]) => !cloudy.test(name));
  process.env = {
    ...Object.fromEntries(clean),
    HOME: folder,
    // No program that has a login of somebody.
    PATH: folder,
    AWS_CONFIG_FILE: join(folder, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
    AWS_EC2_METADATA_DISABLED: 'true',
    METADATA_SERVER_DETECTION: 'none',
    CLOUDSDK_CONFIG: folder,
    AZURE_TOKEN_CREDENTIALS: 'prod',
    ...env(ambience),
  };
  test.after(async () => {
    process.env = kept;
    await rm(folder, { recursive: true });
  });
  return ambience;
}
