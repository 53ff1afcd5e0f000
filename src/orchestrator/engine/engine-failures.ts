import { stat } from 'node:fs/promises';
import { EngineError, errorMessage, type EngineErrorCode } from '../../errors.ts';
import { quote } from '../../quote.ts';
import type { EngineAnswer } from './engine-connection.ts';

/** The engine fell silent. */
export class EngineSilentError extends Error {
  override readonly name = 'EngineSilentError';
}

/** What a failed connection to the engine's socket means, and what to do about it. */
export async function unreachable(
  socketPath: string,
  what: string,
  cause: unknown,
): Promise<EngineError> {
  const where = `unix://${socketPath}`;
  const why = await reason(socketPath, cause);
  return new EngineError('ENGINE_UNREACHABLE', `cannot ${what} at ${where}: ${why}`, cause);
}

async function reason(socketPath: string, cause: unknown): Promise<string> {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  switch (code) {
    case 'ENOENT':
      return 'there is no such socket. Start the engine (for Podman: systemctl [--user] enable --now podman.socket), mount its socket into this container, or point DOCKER_HOST or CONTAINER_HOST to it';
    case 'EACCES':
    case 'EPERM':
      return `permission denied. ${await groupFix(socketPath)}`;
    case 'ECONNREFUSED':
      return 'nobody listens at the socket. Start the engine';
    case 'ENOTSOCK':
      return 'it is not a socket. Docker makes a folder of a missing socket that is mounted: check the path that is mounted';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the engine cut the connection, as it does when it restarts';
    default:
      return errorMessage(cause);
  }
}

async function groupFix(socketPath: string): Promise<string> {
  try {
    const { gid, uid } = await stat(socketPath);
    return `The socket belongs to user ${uid} and group ${gid}: give this process that group (docker run --group-add ${gid}), or with rootless Podman run it as the socket's user (--userns=keep-id); with SELinux add --security-opt label=disable`;
  } catch (error) {
    return `Even looking at the socket fails (${errorMessage(error)}): let this process search its folder`;
  }
}

/** The engine's words about a request it did not fulfil. */
export function engineMessage(answer: EngineAnswer): string {
  try {
    const { message, cause } = (JSON.parse(answer.body) ?? {}) as Record<string, unknown>;
    if (typeof message === 'string' && message !== '') return message;
    if (typeof cause === 'string' && cause !== '') return cause;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return answer.body.trim();
}

/** The engine answered, but did not do what was asked. */
export function refused(
  location: string,
  what: string,
  answer: EngineAnswer,
  code: EngineErrorCode = 'ENGINE_REFUSED',
): EngineError {
  // What stands between us and the engine answers so when the engine is away.
  const isAway = [502, 503, 504].includes(answer.status);
  const message = engineMessage(answer);
  return new EngineError(
    isAway ? 'ENGINE_UNREACHABLE' : code,
    `${location} did not ${what}: ${quote(message, 600)} (HTTP ${answer.status})${nextStep(message)}`,
  );
}

const NEXT_STEPS: readonly (readonly [RegExp, string])[] = [
  [
    /no space left on device|disk quota exceeded/i,
    'The disk of the engine is full: free some of it, for example by removing images nobody uses, and try again.',
  ],
  [
    /port is already allocated|address already in use|failed to bind|bind: /i,
    'Another container or process has that port: stop it, or publish another.',
  ],
  [
    /cgroup|cpu cfs|NanoCPUs/i,
    'This machine may not delegate the controllers that limits need (rootless engines: see Delegate= of systemd); enable them or leave the limit out.',
  ],
  [
    /unauthorized|forbidden|access.*denied by/i,
    'Something between here and the engine (an authorisation plug-in, a socket proxy) does not allow it: allow it there.',
  ],
];

/** What to do about a refusal, where that is known; begins with a space. */
export function nextStep(message: string): string {
  const known = NEXT_STEPS.find(([pattern]) => pattern.test(message))?.[1];
  return ` ${known ?? "The engine's own log may say more."}`.replace(/^ /, '. ');
}

/** Whether a message says that the disk is full. */
export function isDiskFull(message: string): boolean {
  return NEXT_STEPS[0]?.[0].test(message) === true;
}

/**
 * Podman's words for an image, or a layer of it, that is removed between being found and being read:
 * also when what goes is another image, which shares its layers.
 */
export function isImageGoneMeanwhile({ status, body }: EngineAnswer): boolean {
  return status === 500 && /\b(?:image|layer) not known\b/.test(body);
}
