import { EngineError } from '../../errors.ts';
import type { Options } from '../../options.ts';
import type { Clock } from '../../registry/http/clock.ts';
import type { Container, ContainerId } from './container.ts';
import { refused } from './engine-failures.ts';
import type { EngineAnswer } from './engine-connection.ts';
import type { EngineRequests } from './engine-requests.ts';
import { parseContainer, type InspectedContainer } from './inspect-json.ts';
import { nameOf, readContainer } from './read-container.ts';

/** What a stop or removal may take beyond the grace it was given. */
const MARGIN_MS = 60_000;
/** For so long a container must stay stopped where the engine may start it once more. */
const QUIET_MS = 1_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/** @returns `undefined` if no container has that whole name or id */
export async function inspectRaw(
  requests: EngineRequests,
  nameOrId: string,
  options: Options = {},
): Promise<InspectedContainer | undefined> {
  const what = `inspect container ${nameOrId}`;
  const path = `/containers/${encodeURIComponent(nameOrId)}/json`;
  const answer = await requests.send({ method: 'GET', path, what, ...options });
  if (answer.status === 404 || isGoneMeanwhile(answer)) return undefined;
  if (answer.status !== 200) throw refused(requests.location, what, answer);
  const inspected = parseContainer(answer);
  // Engines take the beginning of an id, too.
  return inspected.Id === nameOrId || nameOf(inspected) === nameOrId ? inspected : undefined;
}

/** Podman's words for a container that is removed between being found and being described. */
function isGoneMeanwhile({ status, body }: EngineAnswer): boolean {
  return status === 500 && body.includes('no such container');
}

export function missing(requests: EngineRequests, id: string): EngineError {
  return new EngineError('NOT_FOUND', `there is no container ${id} at ${requests.location}`);
}

/** Starts a container; one that runs is left alone. */
export async function startContainer(
  requests: EngineRequests,
  id: ContainerId,
  options: Options,
): Promise<void> {
  const what = `start container ${id}`;
  const path = `/containers/${id}/start`;
  const answer = await requests.send({ method: 'POST', path, what, ...options });
  if (answer.status === 204 || answer.status === 304) return;
  if (answer.status === 404 && (await inspectRaw(requests, id, options)) === undefined) {
    throw missing(requests, id);
  }
  throw refused(requests.location, what, answer);
}

export async function renameContainer(
  requests: EngineRequests,
  id: ContainerId,
  name: string,
  options: Options,
): Promise<void> {
  const what = `rename container ${id} to ${name}`;
  const path = `/containers/${id}/rename`;
  const answer = await requests.send({ method: 'POST', path, query: { name }, what, ...options });
  if (answer.status === 204 || answer.status === 200) return;
  const inspected = await inspectRaw(requests, id, options);
  if (inspected === undefined) throw missing(requests, id);
  if (nameOf(inspected) === name) return;
  const { dialect } = await requests.session(options);
  const isTaken = dialect.isNameTaken(answer);
  throw refused(requests.location, what, answer, isTaken ? 'NAME_TAKEN' : 'ENGINE_REFUSED');
}

/** Stops a container so that it stays stopped. */
export async function stopContainer(
  requests: EngineRequests,
  id: ContainerId,
  graceSeconds: number,
  clock: Clock,
  { signal }: Options,
): Promise<void> {
  const what = `stop container ${id}`;
  const { dialect } = await requests.session({ ...(signal && { signal }) });
  let quietSince: number | undefined;
  const giveUpAt = clock.now() + graceSeconds * 1_000 + MARGIN_MS;
  for (;;) {
    const answer = await requests.send({
      method: 'POST',
      path: `/containers/${id}/stop`,
      query: { t: String(Math.ceil(graceSeconds)) },
      silenceMs: graceSeconds * 1_000 + MARGIN_MS,
      what,
      ...(signal && { signal }),
    });
    if (answer.status === 404 || answer.status === 204) return;
    if (answer.status !== 304) throw refused(requests.location, what, answer);
    if (dialect.stopEndsRestarts) return;
    const container = await inspectRaw(requests, id, { ...(signal && { signal }) });
    if (container === undefined || !restarts(container)) return;
    quietSince = container.State.Running ? undefined : (quietSince ?? clock.now());
    if (quietSince !== undefined && clock.now() - quietSince >= QUIET_MS) return;
    if (clock.now() > giveUpAt) {
      throw new EngineError(
        'ENGINE_REFUSED',
        `${requests.location} started container ${id} again after every stop. Remove it instead.`,
      );
    }
    // Short, to meet it while it runs: that stop is for good.
    await clock.sleep(FIRST_PAUSE_MS / 2, signal);
  }
}

function restarts({ HostConfig, State }: InspectedContainer): boolean {
  const neverRan = State.Status === 'created' || State.Status === 'configured';
  return !neverRan && !['', 'no'].includes(HostConfig.RestartPolicy.Name);
}

/** Removes a container and waits until it is gone. */
export async function removeContainer(
  requests: EngineRequests,
  id: ContainerId,
  clock: Clock,
  { signal }: Options,
): Promise<void> {
  const what = `remove container ${id}`;
  const { dialect } = await requests.session({ ...(signal && { signal }) });
  const giveUpAt = clock.now() + MARGIN_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    // A container that keeps crashing may be starting at this moment, which Podman refuses with
    // 500; Docker answers 409 while another removal goes on.
    const answer = await requests.send({
      method: 'DELETE',
      path: dialect.removalPath(id),
      query: { force: 'true', v: 'true', timeout: '0' },
      silenceMs: MARGIN_MS,
      what,
      ...(signal && { signal }),
    });
    if (answer.status === 404) return;
    if ((await inspectRaw(requests, id, { ...(signal && { signal }) })) === undefined) return;
    if (clock.now() > giveUpAt) throw refused(requests.location, what, answer);
    await clock.sleep(pause, signal);
  }
}

/** Has the engine check a container's health if it is time to, and gives the container. */
export async function checkHealth(
  requests: EngineRequests,
  id: ContainerId,
  clock: Clock,
  options: Options,
): Promise<Container> {
  const { dialect } = await requests.session(options);
  const look = async (): Promise<InspectedContainer> => {
    const inspected = await inspectRaw(requests, id, options);
    if (inspected === undefined) throw missing(requests, id);
    return inspected;
  };
  const inspected = await look();
  const container = readContainer(inspected, dialect);
  const path = dialect.healthCheckPath(id);
  const { healthCheck } = container;
  if (path === undefined || healthCheck === undefined || container.state !== 'running') {
    return container;
  }
  // No more often than the image asks for: a run by hand counts towards the failures in a row.
  const lastCheck = Date.parse(inspected.State.Health.Log.at(-1)?.End ?? '');
  if (clock.now() - lastCheck < healthCheck.intervalMs) return container;
  const what = `check the health of container ${id}`;
  const answer = await requests.send({
    method: 'GET',
    path,
    silenceMs: healthCheck.timeoutMs + MARGIN_MS,
    what,
    ...options,
  });
  // 409: it ended meanwhile. Any other refusal is no word about its health.
  if (![200, 404, 409].includes(answer.status)) throw refused(requests.location, what, answer);
  return readContainer(await look(), dialect);
}
