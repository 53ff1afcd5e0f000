import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../errors.ts';

/** Where a container engine listens. */
export interface EngineSocket {
  readonly path: string;
  /** What led there, for messages: `DOCKER_HOST`, or `default`. */
  readonly origin: string;
}

/** What decides where the engine is looked for. */
export interface SocketSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user this process runs as; `undefined` where there are no users. */
  readonly userId: number | undefined;
  readonly exists: (path: string) => boolean;
}

/** The sources of this process. */
export function systemSocketSources(env: SocketSources['env']): SocketSources {
  return { env, userId: process.getuid?.(), exists: existsSync };
}

const VARIABLES = ['DOCKER_HOST', 'CONTAINER_HOST'] as const;
const UNIX = 'unix://';
const DOCKER_SOCKET = '/var/run/docker.sock';

/**
 * Finds the engine's socket: the configured one, then `DOCKER_HOST` (docker's) and
 * `CONTAINER_HOST` (podman's), then the first that exists where the engines put theirs, with the
 * user's own before the machine's.
 *
 * @param configured - a path, or `unix://` and a path
 * @throws ConfigError for an address that is no Unix socket: the engine's API over a network hands
 * the whole machine to whoever reaches it
 */
export function findEngineSocket(
  configured: string | undefined,
  { env, userId, exists }: SocketSources,
): EngineSocket {
  if (configured !== undefined)
    return { path: pathOf(configured, 'engine socket'), origin: 'configuration' };
  for (const name of VARIABLES) {
    const value = env[name];
    if (value) return { path: pathOf(value, name), origin: name };
  }
  const runtime = env['XDG_RUNTIME_DIR'] || (userId ? `/run/user/${userId}` : undefined);
  const candidates = [
    ...(runtime === undefined
      ? []
      : [join(runtime, 'docker.sock'), join(runtime, 'podman/podman.sock')]),
    DOCKER_SOCKET,
    '/run/podman/podman.sock',
  ];
  // None there: the message about the most usual one says what to do.
  return { path: candidates.find(exists) ?? DOCKER_SOCKET, origin: 'default' };
}

function pathOf(address: string, origin: string): string {
  const path = address.startsWith(UNIX) ? address.slice(UNIX.length) : address;
  if (path.startsWith('/')) return path;
  throw new ConfigError(
    `${origin}: ${JSON.stringify(address)} is not a Unix socket; give unix:// and an absolute path, for example unix://${DOCKER_SOCKET}`,
  );
}
