import * as v from 'valibot';
import { EngineError } from '../../errors.ts';
import type { Options } from '../../options.ts';
import type { ContainerId } from './container.ts';
import type { NetworkAttachment } from './container-spec.ts';
import { refused } from './engine-failures.ts';
import type { EngineRequests } from './engine-requests.ts';
import { parse, type InspectedContainer } from './inspect-json.ts';
import { inspectRaw, missing } from './lifecycle.ts';
import { ownNames } from './read-container.ts';

const named = v.object({ Name: v.string() });

export async function networkExists(
  requests: EngineRequests,
  name: string,
  options: Options,
): Promise<boolean> {
  const what = `inspect network ${name}`;
  const path = `/networks/${encodeURIComponent(name)}`;
  const answer = await requests.send({ method: 'GET', path, what, ...options });
  if (answer.status === 404) return false;
  if (answer.status !== 200) throw refused(requests.location, what, answer);
  // Docker takes the beginning of an id, too.
  return parse(named as v.GenericSchema<unknown, { Name: string }>, answer, what).Name === name;
}

export async function ensureNetwork(
  requests: EngineRequests,
  name: string,
  labels: Readonly<Record<string, string>>,
  options: Options,
): Promise<void> {
  if (await networkExists(requests, name, options)) return;
  const what = `create network ${name}`;
  const answer = await requests.send({
    method: 'POST',
    path: '/networks/create',
    // Docker before API 1.44 allows a name twice unless it is told to look.
    body: { Name: name, CheckDuplicate: true, Driver: 'bridge', Labels: labels },
    what,
    ...options,
  });
  if (answer.status === 201 || answer.status === 200) return;
  // Somebody else was faster.
  if (await networkExists(requests, name, options)) return;
  throw refused(requests.location, what, answer);
}

export async function removeNetwork(
  requests: EngineRequests,
  name: string,
  options: Options,
): Promise<void> {
  if (!(await networkExists(requests, name, options))) return;
  const what = `remove network ${name}`;
  const path = `/networks/${encodeURIComponent(name)}`;
  const answer = await requests.send({ method: 'DELETE', path, what, ...options });
  if ([200, 204, 404].includes(answer.status)) return;
  throw refused(requests.location, what, answer);
}

export async function connectContainer(
  requests: EngineRequests,
  id: ContainerId,
  network: NetworkAttachment,
  options: Options,
): Promise<void> {
  const inspected = await inspectRaw(requests, id, options);
  if (inspected === undefined) throw missing(requests, id);
  const attached = inspected.NetworkSettings.Networks[network.name];
  if (attached !== undefined) {
    if (hasAliases(inspected, attached.Aliases, network.aliases)) return;
    await disconnectContainer(requests, id, network.name, options);
  }
  // Docker takes any network for a container that does not run.
  if (!(await networkExists(requests, network.name, options))) {
    throw new EngineError(
      'NOT_FOUND',
      `there is no network ${network.name} at ${requests.location}`,
    );
  }
  const what = `connect container ${id} to network ${network.name}`;
  const answer = await requests.send({
    method: 'POST',
    path: `/networks/${encodeURIComponent(network.name)}/connect`,
    body: { Container: id, EndpointConfig: { Aliases: network.aliases } },
    what,
    ...options,
  });
  if (answer.status !== 200) throw refused(requests.location, what, answer);
}

export async function disconnectContainer(
  requests: EngineRequests,
  id: ContainerId,
  network: string,
  options: Options,
): Promise<void> {
  const isIn = async (): Promise<boolean> => {
    const inspected = await inspectRaw(requests, id, options);
    return inspected?.NetworkSettings.Networks[network] !== undefined;
  };
  if (!(await isIn())) return;
  const what = `disconnect container ${id} from network ${network}`;
  const answer = await requests.send({
    method: 'POST',
    path: `/networks/${encodeURIComponent(network)}/disconnect`,
    body: { Container: id, Force: false },
    what,
    ...options,
  });
  if (answer.status === 200 || !(await isIn())) return;
  throw refused(requests.location, what, answer);
}

function hasAliases(
  inspected: InspectedContainer,
  shown: readonly string[],
  wanted: readonly string[],
): boolean {
  const own = ownNames(inspected);
  return (
    wanted.every((alias) => shown.includes(alias)) &&
    shown.every((alias) => wanted.includes(alias) || own.has(alias))
  );
}
