import { EngineError } from '../../../src/errors.ts';
import type { ContainerId } from '../../../src/orchestrator/engine/container.ts';
import { EngineConnection } from '../../../src/orchestrator/engine/engine-connection.ts';
import { EngineRequests } from '../../../src/orchestrator/engine/engine-requests.ts';
import { removeContainer } from '../../../src/orchestrator/engine/lifecycle.ts';
import { removeNetwork } from '../../../src/orchestrator/engine/networks.ts';
import { systemClock } from '../../../src/registry/http/clock.ts';
import { waitFor } from './server-process.ts';

/** Networks that engines make by themselves. */
const OWN_NETWORKS: ReadonlySet<string> = new Set(['bridge', 'host', 'none', 'podman']);

/** Whether an engine answers at a socket. */
export async function ping(socketPath: string): Promise<boolean> {
  try {
    const connection = new EngineConnection(socketPath, { silenceMs: 5_000 });
    const { status } = await connection.send({ method: 'GET', path: '/_ping', what: 'ping' });
    return status === 200;
  } catch (error) {
    if (error instanceof EngineError) return false;
    throw error;
  }
}

/** The bridge of a network that an engine holds on to for longer goes with the machine of the test. */
const MOST_MS = 20_000;

/**
 * Docker counts the ends of containers that it has just removed to a network for some time, and for
 * ever if one was removed while it was being started: without a name to cut it off by, even.
 */
async function removeIfPossible(requests: EngineRequests, network: string): Promise<void> {
  const enough = performance.now() + MOST_MS;
  await waitFor(`network ${network} is removed`, async () => {
    try {
      await removeNetwork(requests, network, {});
      return true;
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'ENGINE_REFUSED') throw error;
      if (performance.now() > enough) return false;
      await cutOff(requests, network);
      return undefined;
    }
  });
}

/** Takes out of a network whatever the engine says is in it. */
async function cutOff(requests: EngineRequests, network: string): Promise<void> {
  const path = `/networks/${network}`;
  const { body } = await requests.send({ method: 'GET', path, what: 'look at a network' });
  const { Containers } = JSON.parse(body) as {
    readonly Containers?: Readonly<Record<string, { readonly Name: string }>>;
  };
  for (const { Name } of Object.values(Containers ?? {})) {
    await requests.send({
      method: 'POST',
      path: `${path}/disconnect`,
      body: { Container: Name, Force: true },
      what: 'cut off what is in a network',
    });
  }
}

/** Removes every container of an engine, and every network that somebody made. */
export async function removeEverything(socketPath: string): Promise<void> {
  if (!(await ping(socketPath))) return;
  const requests = new EngineRequests(socketPath);
  const list = async <Item>(path: string): Promise<readonly Item[]> => {
    const { body } = await requests.send({ method: 'GET', path, what: 'clean up' });
    return JSON.parse(body) as Item[];
  };
  const containers = await list<{ Id: ContainerId }>('/containers/json?all=1');
  for (const { Id } of containers) await removeContainer(requests, Id, systemClock, {});
  const networks = await list<{ Name: string }>('/networks');
  for (const { Name } of networks) {
    if (!OWN_NETWORKS.has(Name)) await removeIfPossible(requests, Name);
  }
}
