import { execa } from 'execa';
import { ConfigError, RegistryError } from '../errors.ts';
import { formatDuration } from '../measures.ts';
import type { Options } from '../options.ts';
import type { Environment } from '../registry/http/agents.ts';
import { formatReference, type DigestReference } from '../registry/reference.ts';
import { watchSilence } from './process-silence.ts';
import { skopeoEnvironment } from './skopeo-environment.ts';
import { skopeoFailure } from './skopeo-failure.ts';
import { openSkopeoSession, secretsOf, type SkopeoHost } from './skopeo-session.ts';

/** The first with `--preserve-digests`, without which an image may arrive as another one. */
const OLDEST = [1, 6] as const;
const INSTALL =
  'install it (Debian, Ubuntu: apt-get install skopeo; Fedora, RHEL: dnf install skopeo; macOS: brew install skopeo), ' +
  'or use copy.engine: registry, which needs no binary';
const STOP_GRACE_MS = 5000;
/** What is at the target by then is not sent again. */
const TRIES = 3;

/**
 * Makes sure that there is a skopeo which keeps digests.
 *
 * @throws ConfigError with the way to get one
 */
export async function checkSkopeo(
  binary: string,
  env: Environment,
  options: Options,
): Promise<void> {
  const { signal } = options;
  const result = await execa(binary, ['--version'], {
    env: skopeoEnvironment(env),
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  if (result.code === 'ENOENT') throw new ConfigError(`there is no ${binary} here: ${INSTALL}`);
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(result.stdout) ?? [];
  if (major === undefined || minor === undefined) {
    throw new ConfigError(
      `${binary} --version does not say which version it is: ${result.shortMessage ?? result.stdout}`,
    );
  }
  const isOld =
    Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]);
  if (isOld) {
    throw new ConfigError(
      `${binary} is version ${major}.${minor}; ${OLDEST.join('.')} or later is needed, which keeps digests: ${INSTALL}`,
    );
  }
}

export interface SkopeoCopy {
  readonly binary: string;
  /** Of this process; skopeo is given what it needs of it. */
  readonly env: Environment;
  readonly from: { readonly host: SkopeoHost; readonly image: DigestReference };
  readonly to: { readonly host: SkopeoHost; readonly image: DigestReference };
  /** Milliseconds without a byte after which it is ended and begun anew; seen on Linux alone. */
  readonly silenceMs?: number | undefined;
}

/**
 * Runs `skopeo copy` from digest to digest: no tag is written. A manifest that skopeo would have to
 * change is refused.
 *
 * @throws RegistryError
 */
export async function runSkopeoCopy(copy: SkopeoCopy, options: Options): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    if ((await copyOnce(copy, options)) === 'copied') return;
  }
  const { from, to, silenceMs = 0 } = copy;
  throw new RegistryError(
    'REGISTRY_UNAVAILABLE',
    `skopeo moved no byte for ${formatDuration(silenceMs)} while it was to copy ${formatReference(from.image)} to ${formatReference(to.image)}, and was ended; so it went ${TRIES} times. One of the registries does not answer. Where one needs longer, set timeouts.silence.`,
    { side: undefined },
  );
}

async function copyOnce(
  { binary, env, from, to, silenceMs }: SkopeoCopy,
  { signal }: Options,
): Promise<'copied' | 'silent'> {
  signal?.throwIfAborted();
  const silent = new AbortController();
  const ended = AbortSignal.any([signal, silent.signal].filter((each) => each !== undefined));
  // Not `await using`: Node 22 runs the sources as they are and does not know it.
  const session = await openSkopeoSession(from.host, to.host);
  let result;
  let endWatch: (() => void) | undefined;
  try {
    const skopeo = execa(
      binary,
      [
        'copy',
        '--all',
        '--preserve-digests',
        // Cosign's are carried by our own code; looking for others must not make a copy fail.
        '--remove-signatures',
        '--quiet',
        ...session.options,
        `docker://${formatReference(from.image)}`,
        `docker://${formatReference(to.image)}`,
      ],
      {
        reject: false,
        env: skopeoEnvironment(env),
        extendEnv: false,
        stdin: 'ignore',
        stdout: 'ignore',
        maxBuffer: 1_000_000,
        forceKillAfterDelay: STOP_GRACE_MS,
        cancelSignal: ended,
      },
    );
    if (silenceMs !== undefined) {
      endWatch = watchSilence(skopeo.pid, silenceMs, () => silent.abort());
    }
    result = await skopeo;
  } finally {
    endWatch?.();
    await session[Symbol.asyncDispose]();
  }
  signal?.throwIfAborted();
  if (!result.failed) return 'copied';
  if (silent.signal.aborted) return 'silent';
  const what = `copy ${formatReference(from.image)} to ${formatReference(to.image)}`;
  throw skopeoFailure(
    result.stderr === '' ? (result.shortMessage ?? '') : result.stderr,
    what,
    [from.host, to.host].flatMap(secretsOf),
  );
}
