import { Connection, Client } from '@temporalio/client';
import { binary } from './binaries.ts';
import { freePort, startProcess, temporaryFolder } from './server-process.ts';

/** A Temporal server for development, real in all that a worker sees. */
export interface TemporalServer {
  /** `127.0.0.1:PORT`, plain gRPC, no authentication. */
  readonly address: string;
  readonly log: () => Promise<string>;
  /** Ends it without warning. What it knew is in its file. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same port and the same file. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts Temporal with an empty database. */
export async function startTemporal(): Promise<TemporalServer> {
  const { path: folder, remove } = await temporaryFolder('temporal');
  const [port, metricsPort] = [await freePort(), await freePort()];
  const address = `127.0.0.1:${port}`;
  const options = [
    `--headless --ip 127.0.0.1 --port ${port} --metrics-port ${metricsPort} --log-level error`,
    `--db-filename ${folder}/temporal.db`,
  ];
  const start = async (): ReturnType<typeof startProcess<true>> =>
    startProcess(
      [binary('temporal'), 'server', 'start-dev', ...options.join(' ').split(' ')],
      folder,
      async () => isReady(address),
    );
  let server = await start();
  return {
    address,
    log: async () => server.log(),
    kill: async () => server.kill(),
    restart: async () => {
      await server.kill();
      server = await start();
    },
    stop: async () => {
      await server.stop();
      await remove();
    },
  };
}

/** A client as the control plane has one. */
export async function temporalClient(
  address: string,
): Promise<{ readonly client: Client; readonly close: () => Promise<void> }> {
  const connection = await Connection.connect({ address, connectTimeout: '10 seconds' });
  return { client: new Client({ connection }), close: async () => connection.close() };
}

async function isReady(address: string): Promise<true | undefined> {
  const connection = Connection.lazy({ address, connectTimeout: '1 second' });
  try {
    await connection.withDeadline(Date.now() + 1_000, async () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
    return true;
  } catch {
    // Not listening yet, or the namespace is not there yet.
    return undefined;
  } finally {
    await connection.close();
  }
}
