import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

/** Where `scripts/install-servers.sh` puts what it builds. */
const cache = process.env['SDR_MIRROR_CACHE'] ?? join(homedir(), '.cache', 'sdr-mirror');

/** What a test may be told about: `t` of a test or of a suite. */
type Skippable = Pick<TestContext, 'skip'>;

/** Path of an installed program: from the cache, else from `PATH`; `undefined` if it is not there. */
export function findBinary(name: string): string | undefined {
  return [join(cache, 'bin'), ...(process.env['PATH'] ?? '').split(delimiter)]
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Path of an installed program; throws if it is not there. */
export function binary(name: string): string {
  const path = findBinary(name);
  if (path !== undefined) return path;
  throw new Error(`${name} is not installed: run scripts/install-servers.sh`);
}

/**
 * Whether the programs a test needs are there. If not the test is skipped, and says so; see
 * {@link whyMissing}. Leave the test on `false`:
 *
 *     if (!requireServer(t, 'docker-registry')) return;
 */
export function requireServer(t: Skippable, ...names: readonly string[]): boolean {
  const reason = whyMissing(...names);
  if (reason !== undefined) t.skip(reason);
  return reason === undefined;
}

/**
 * Why a suite that needs these programs is skipped; `undefined` if they are there.
 *
 * @throws Error with `SDR_MIRROR_INTEGRATION=1` (CI), unless the install script knows that what is
 *   missing is not to be had
 */
export function whyMissing(...names: readonly string[]): string | undefined {
  const missing = names.filter((name) => findBinary(name) === undefined);
  if (missing.length === 0) return undefined;
  const unavailable = notToBeHad();
  const unexplained = missing.filter((name) => !unavailable.has(name));
  if (process.env['SDR_MIRROR_INTEGRATION'] === '1' && unexplained.length > 0) {
    throw new Error(
      `${unexplained.join(', ')} must be there when SDR_MIRROR_INTEGRATION=1: run scripts/install-servers.sh`,
    );
  }
  return missing
    .map(
      (name) =>
        `${name}: ${unavailable.get(name) ?? 'not installed, run scripts/install-servers.sh'}`,
    )
    .join('; ');
}

/** Programs that the install script does not try to install, each with its reason. */
function notToBeHad(): ReadonlyMap<string, string> {
  const file = join(cache, 'not-to-be-had');
  if (!existsSync(file)) return new Map();
  return new Map(
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t') as [string, string]),
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
