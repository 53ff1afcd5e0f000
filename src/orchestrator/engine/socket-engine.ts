import * as v from 'valibot';
import { EngineError } from '../../errors.ts';
import { silentLogger, type Logger } from '../../log.ts';
import type { Options } from '../../options.ts';
import { systemClock, type Clock } from '../../registry/http/clock.ts';
import type { Credential } from '../../registry/credentials.ts';
import { formatReference, type DigestReference } from '../../registry/reference.ts';
import type { ContainerEngine, LogOptions } from './container-engine.ts';
import type {
  Container,
  ContainerEvent,
  ContainerId,
  EngineInfo,
  Image,
  ImageId,
  LogLine,
} from './container.ts';
import type { ContainerSpec, NetworkAttachment } from './container-spec.ts';
import { createContainer } from './create-container.ts';
import { refused } from './engine-failures.ts';
import { EngineRequests } from './engine-requests.ts';
import { eventsForEver } from './event-stream.ts';
import { inspectImageRaw, pullOnce, removeImage, specOf } from './images.ts';
import { parse } from './inspect-json.ts';
import { describeEngine } from './engine-info.ts';
import {
  checkHealth,
  inspectRaw,
  removeContainer,
  renameContainer,
  startContainer,
  stopContainer,
} from './lifecycle.ts';
import { readLog } from './logs.ts';
import { connectContainer, disconnectContainer, ensureNetwork, removeNetwork } from './networks.ts';
import { readContainer, readImage } from './read-container.ts';

export interface SocketEngineOptions {
  /** Where it listens; see `findEngineSocket`. */
  readonly socketPath: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** How long an answer may be awaited, and how long a pull may make no progress. */
  readonly silenceMs?: number;
  readonly pullStallMs?: number;
}

const PULL_STALL_MS = 180_000;

const listed = v.array(v.object({ Id: v.string() }));

/**
 * A Docker Engine (20.10 and later) or Podman (4.3 and later, with or without root) behind its
 * Unix socket. Connects with the first operation.
 */
export function createSocketEngine(options: SocketEngineOptions): ContainerEngine {
  return new SocketEngine(options);
}

class SocketEngine implements ContainerEngine {
  readonly location: string;
  readonly #requests: EngineRequests;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #pullStallMs: number;

  constructor(options: SocketEngineOptions) {
    const { socketPath, silenceMs } = options;
    this.#requests = new EngineRequests(socketPath, silenceMs === undefined ? {} : { silenceMs });
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#pullStallMs = options.pullStallMs ?? PULL_STALL_MS;
    this.location = this.#requests.location;
  }

  async info(options: Options = {}): Promise<EngineInfo> {
    return describeEngine(this.#requests, options);
  }

  async pull(
    image: DigestReference,
    credential: Credential,
    options: Options = {},
  ): Promise<ImageId> {
    return pullOnce(this.#requests, image, credential, this.#pullStallMs, options);
  }

  async inspectImage(
    image: DigestReference | ImageId,
    options: Options = {},
  ): Promise<Image | undefined> {
    const name = typeof image === 'string' ? image : formatReference(image);
    const inspected = await inspectImageRaw(this.#requests, name, options);
    return inspected === undefined ? undefined : readImage(inspected);
  }

  async removeImage(
    image: DigestReference | ImageId,
    options: Options = {},
  ): Promise<'removed' | 'in-use'> {
    return removeImage(this.#requests, image, options);
  }

  async create(spec: ContainerSpec, options: Options = {}): Promise<ContainerId> {
    return createContainer(
      this.#requests,
      spec,
      { clock: this.#clock, logger: this.#logger },
      options,
    );
  }

  async specOf(id: ContainerId, options: Options = {}): Promise<ContainerSpec> {
    return specOf(this.#requests, id, options);
  }

  async start(id: ContainerId, options: Options = {}): Promise<void> {
    await startContainer(this.#requests, id, options);
  }

  async inspect(nameOrId: string, options: Options = {}): Promise<Container | undefined> {
    const inspected = await inspectRaw(this.#requests, nameOrId, options);
    if (inspected === undefined) return undefined;
    return readContainer(inspected, (await this.#requests.session(options)).dialect);
  }

  async list(
    labels: Readonly<Record<string, string>>,
    options: Options = {},
  ): Promise<readonly Container[]> {
    const what = 'list containers';
    const answer = await this.#requests.send({
      method: 'GET',
      path: '/containers/json',
      query: { all: '1', filters: labelFilter(labels) },
      what,
      ...options,
    });
    if (answer.status !== 200) throw refused(this.location, what, answer);
    const found = parse(listed as v.GenericSchema<unknown, { Id: string }[]>, answer, what);
    const containers = await Promise.all(found.map(async ({ Id }) => this.inspect(Id, options)));
    // What went away meanwhile is not there.
    return containers
      .filter((container) => container !== undefined)
      .toSorted((a, b) => a.createdAt - b.createdAt);
  }

  async rename(id: ContainerId, name: string, options: Options = {}): Promise<void> {
    await renameContainer(this.#requests, id, name, options);
  }

  async stop(id: ContainerId, graceSeconds: number, options: Options = {}): Promise<void> {
    await stopContainer(this.#requests, id, graceSeconds, this.#clock, options);
  }

  async remove(id: ContainerId, options: Options = {}): Promise<void> {
    await removeContainer(this.#requests, id, this.#clock, options);
  }

  async checkHealth(id: ContainerId, options: Options = {}): Promise<Container> {
    return checkHealth(this.#requests, id, this.#clock, options);
  }

  async ensureNetwork(
    name: string,
    labels: Readonly<Record<string, string>>,
    options: Options = {},
  ): Promise<void> {
    await ensureNetwork(this.#requests, name, labels, options);
  }

  async removeNetwork(name: string, options: Options = {}): Promise<void> {
    await removeNetwork(this.#requests, name, options);
  }

  async connect(id: ContainerId, network: NetworkAttachment, options: Options = {}): Promise<void> {
    await connectContainer(this.#requests, id, network, options);
  }

  async disconnect(id: ContainerId, network: string, options: Options = {}): Promise<void> {
    await disconnectContainer(this.#requests, id, network, options);
  }

  async logs(id: ContainerId, options: LogOptions): Promise<readonly LogLine[]> {
    const lines: LogLine[] = [];
    for await (const line of readLog(this.#requests, id, { ...options, follow: false })) {
      lines.push(line);
    }
    return lines;
  }

  followLogs(id: ContainerId, options: LogOptions): AsyncIterable<LogLine> {
    return readLog(this.#requests, id, { ...options, follow: true });
  }

  events(
    labels: Readonly<Record<string, string>>,
    { signal }: Options = {},
  ): AsyncIterable<ContainerEvent> {
    const filters = labelFilter(labels, { type: ['container'] });
    const what = 'listen to events';
    const open = async (since: number): Promise<AsyncIterable<Buffer>> => {
      const stream = await this.#requests.open({
        method: 'GET',
        path: '/events',
        query: { since: (since / 1_000).toFixed(3), filters },
        silenceMs: Number.POSITIVE_INFINITY,
        what,
        ...(signal && { signal }),
      });
      if (stream.status === 200) return stream.body;
      throw refused(this.location, what, await this.#requests.connection.whole(stream, what));
    };
    return eventsForEver({ open, labels, clock: this.#clock, logger: this.#logger, signal });
  }
}

function labelFilter(
  labels: Readonly<Record<string, string>>,
  more: Readonly<Record<string, readonly string[]>> = {},
): string {
  const label = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  // Without label it would be every container of the machine, whosever they are.
  if (label.length === 0) throw new EngineError('ENGINE_REFUSED', 'at least one label is needed');
  return JSON.stringify({ ...more, label });
}
