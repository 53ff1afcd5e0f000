import { getCACertificates } from 'node:tls';
import type { NativeConnection, NativeConnectionOptions, TLSConfig } from '@temporalio/worker';
import { ControlPlaneError } from '../../errors.ts';
import type { Options } from '../../options.ts';
import type { Environment } from '../../registry/http/agents.ts';
import { systemClock, type Clock } from '../../registry/http/clock.ts';
import type { TemporalConfig, TemporalTls } from '../config/config.ts';
import { temporalProxy } from './proxy.ts';
import type { TemporalSdk } from './sdk.ts';
import { ShownTokens } from './shown-tokens.ts';
import type { Token } from './tokens.ts';

/** Where Temporal is and how it is reached. */
export type TemporalSettings = Pick<TemporalConfig, 'address' | 'namespace' | 'taskQueue' | 'tls'>;

// The core gives up on an address that swallows packets only after minutes.
const CONNECT_TIMEOUT_MS = 30_000;
const PROBE_TIMEOUT_MS = 10_000;

// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;
// While connecting, the core gives the status in words alone: its names, or tonic's descriptions.
const REFUSAL =
  /Unauthenticated|PermissionDenied|valid authentication credentials|does not have permission/;

/**
 * Connects, and asks for the namespace, so that what comes back has the rights a worker needs.
 *
 * @throws ControlPlaneError `TEMPORAL_UNREACHABLE`, `TEMPORAL_REFUSED`; ConfigError for a proxy that
 *   cannot be used
 */
export async function connectTemporal(
  sdk: TemporalSdk,
  settings: TemporalSettings,
  token: Token | undefined,
  {
    env,
    clock = systemClock,
    signal,
  }: { readonly env: Environment; readonly clock?: Clock } & Options,
): Promise<NativeConnection> {
  const connecting = sdk.worker.NativeConnection.connect(toNative(settings, token, env));
  const shown = new ShownTokens(token);
  const connection = await inTime(connecting, { settings, shown, clock, signal });
  try {
    await probe(connection, settings, shown);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/**
 * Asks for the namespace: the least that tells whether the server is there and takes the token.
 *
 * @throws ControlPlaneError
 */
export async function probe(
  connection: NativeConnection,
  settings: TemporalSettings,
  shown: ShownTokens,
): Promise<void> {
  const { namespace } = settings;
  try {
    await connection.withDeadline(Date.now() + PROBE_TIMEOUT_MS, async () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    throw failure(error, settings, shown);
  }
}

/** The connect cannot be cancelled: who waits leaves, and the late connection is closed. */
async function inTime(
  connecting: Promise<NativeConnection>,
  {
    settings,
    shown,
    clock,
    signal,
  }: {
    readonly settings: TemporalSettings;
    readonly shown: ShownTokens;
    readonly clock: Clock;
    readonly signal: AbortSignal | undefined;
  },
): Promise<NativeConnection> {
  const given = new AbortController();
  const patience = signal === undefined ? given.signal : AbortSignal.any([signal, given.signal]);
  const tooLate = (async (): Promise<never> => {
    await clock.sleep(CONNECT_TIMEOUT_MS, patience);
    throw new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`);
  })();
  try {
    return await Promise.race([connecting, tooLate]);
  } catch (error) {
    connecting.then(
      async (connection) => connection.close(),
      () => undefined,
    );
    signal?.throwIfAborted();
    throw failure(error, settings, shown);
  } finally {
    given.abort();
    await tooLate.catch(() => undefined);
  }
}

function toNative(
  { address, tls }: TemporalSettings,
  token: Token | undefined,
  env: Environment,
): NativeConnectionOptions {
  const proxy = temporalProxy(address, env);
  return {
    address,
    tls: tls === undefined ? false : toNativeTls(tls),
    ...(proxy === undefined ? {} : { proxy }),
    ...(token === undefined ? {} : { apiKey: token.value.reveal() }),
  };
}

function toNativeTls({ ca, client, serverName }: TemporalTls): TLSConfig {
  return {
    serverRootCACertificate: Buffer.from(ca ?? usualAuthorities()),
    ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
    ...(client === undefined
      ? {}
      : {
          clientCertPair: {
            crt: Buffer.from(client.cert),
            key: Buffer.from(client.key.reveal()),
          },
        }),
  };
}

/**
 * The authorities that Node trusts and those of the system: by itself the core knows only the
 * system's, which slim images lack, and nothing of `NODE_EXTRA_CA_CERTS`.
 */
function usualAuthorities(): string {
  const known = [...getCACertificates('default'), ...getCACertificates('system')];
  return [...new Set(known)].join('\n');
}

function failure(
  error: unknown,
  { address, namespace }: TemporalSettings,
  shown: ShownTokens,
): ControlPlaneError {
  const { code } = error as { readonly code?: unknown };
  const words = shown.words(error);
  if (code === UNAUTHENTICATED || code === PERMISSION_DENIED || REFUSAL.test(words)) {
    return new ControlPlaneError(
      'TEMPORAL_REFUSED',
      `Temporal at ${address} refuses namespace ${namespace}: ${words}. Check client_id and client_secret (or the API key), and that they belong to this tenant.`,
      { cause: error },
    );
  }
  return new ControlPlaneError(
    'TEMPORAL_UNREACHABLE',
    `Temporal at ${address} cannot be reached: ${words}. Check the address, that its port is open outwards, and HTTPS_PROXY.`,
    { cause: error },
  );
}
