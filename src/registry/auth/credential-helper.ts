import { concealLikely } from '../../conceal.ts';
import { ConfigError } from '../../errors.ts';
import type { Options } from '../../options.ts';
import { toStoredCredential, type StoredCredential } from './docker-config.ts';

/**
 * Asks a docker credential helper for the credential of a server.
 *
 * @param helper - its name without the prefix `docker-credential-`
 * @returns `undefined` if it has none
 * @throws ConfigError naming the helper
 */
export type CredentialHelper = (
  helper: string,
  server: string,
  options?: HelperOptions,
) => Promise<StoredCredential | undefined>;

export interface HelperOptions extends Options {
  /** What the helper is given; all of this process's by default. */
  readonly env?: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
// A name from a configuration file becomes part of a program's name.
const HELPER_NAME = /^[\w.-]+$/;
// The helpers' protocol has no code for it, only this text.
const NOT_FOUND = 'credentials not found';

/** Runs `docker-credential-<helper> get`, with the server's name on its standard input. */
export const runCredentialHelper: CredentialHelper = async (helper, server, options = {}) => {
  if (!HELPER_NAME.test(helper)) {
    throw new ConfigError(`${JSON.stringify(helper)} is not the name of a credential helper`);
  }
  const program = `docker-credential-${helper}`;
  // Loaded here: few runs need a helper, and every run pays for what is loaded at the start.
  const { execa } = await import('execa');
  const result = await execa(program, ['get'], {
    input: server,
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
    reject: false,
    ...(options.env === undefined ? {} : { env: options.env, extendEnv: false }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  options.signal?.throwIfAborted();
  if (!result.failed) return parseHelperAnswer(result.stdout, program, server);
  // A helper says on its standard output why it failed.
  const said = `${result.stdout} ${result.stderr}`.trim();
  if (said.includes(NOT_FOUND)) return undefined;
  throw new ConfigError(
    `the credential helper ${program} gave no credential for ${server}: ${reasonOf(result, said)}`,
  );
};

function reasonOf(
  result: {
    readonly code?: string | undefined;
    readonly timedOut: boolean;
    readonly exitCode?: number | undefined;
  },
  said: string,
): string {
  if (result.code === 'ENOENT') {
    return 'it is not installed, or not in PATH; install it, or name the credentials under registries: in the configuration';
  }
  if (result.timedOut) return `it did not finish within ${TIMEOUT_MS / 1000} s`;
  // Some print what they found before they fail, or a token that has expired.
  const clean = concealLikely(said, secretsIn(said))
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .slice(0, 300);
  return `it ended with ${result.exitCode ?? 'a signal'}${clean === '' ? '' : `: ${clean}`}`;
}

/** What stands as a text by a name that says it is secret. */
function secretsIn(said: string): string[] {
  return [...said.matchAll(/"Secret"\s*:\s*"((?:[^"\\]|\\.)*)"/gi)].map(
    ([, secret = '']) => secret,
  );
}

/**
 * Reads what a helper says on its standard output.
 *
 * @returns `undefined` for an empty secret: some say so that they have none
 * @throws ConfigError never quoting what it read
 */
export function parseHelperAnswer(
  stdout: string,
  program: string,
  server: string,
): StoredCredential | undefined {
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    // The parser's own message quotes the text, which is a secret.
    value = undefined;
  }
  const { Username: username, Secret: secret } = (value ?? {}) as {
    readonly Username?: unknown;
    readonly Secret?: unknown;
  };
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw new ConfigError(
      `the credential helper ${program} answered for ${server} with something that is no credential`,
    );
  }
  return secret === '' ? undefined : toStoredCredential(username, secret);
}
