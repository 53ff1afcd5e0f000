import { createHash } from 'node:crypto';
import { EngineError, RegistryError } from '../../src/errors.ts';
import type {
  ContainerEngine,
  LogOptions,
} from '../../src/orchestrator/engine/container-engine.ts';
import type {
  Container,
  ContainerEvent,
  ContainerId,
  EngineInfo,
  Image,
  ImageId,
  LogLine,
} from '../../src/orchestrator/engine/container.ts';
import type {
  ContainerSpec,
  NetworkAttachment,
} from '../../src/orchestrator/engine/container-spec.ts';
import type { Options } from '../../src/options.ts';
import type { Clock } from '../../src/registry/http/clock.ts';
import type { Credential } from '../../src/registry/credentials.ts';
import { formatReference, type DigestReference } from '../../src/registry/reference.ts';
import { EventHub } from './container-engine-events.ts';
import { Life } from './container-engine-life.ts';
import type { Program } from './container-engine-programs.ts';
import { FakeClock } from './fake-clock.ts';

interface Made {
  readonly id: ContainerId;
  spec: ContainerSpec;
  readonly life: Life;
  readonly createdAt: number;
  readonly program: Program;
  readonly address: string;
}

/**
 * A container engine in memory, with the registries it pulls from. What an image does is a
 * {@link Program}; time passes by its {@link clock} alone. Tests reach in by the methods that
 * {@link ContainerEngine} does not have.
 */
export class FakeContainerEngine implements ContainerEngine {
  readonly location = 'unix:///fake.sock';
  /** Give it to the code under test: containers live while it sleeps. */
  readonly clock: Clock;
  /** Pulls that asked a registry, by reference. */
  readonly pulls: string[] = [];
  readonly #time: FakeClock;
  readonly #published = new Map<string, Program>();
  readonly #pullFailures = new Map<string, Error>();
  readonly #images = new Set<string>();
  readonly #containers = new Map<ContainerId, Made>();
  readonly #networks = new Map<string, Readonly<Record<string, string>>>();
  readonly #hub = new EventHub();
  readonly #kind: EngineInfo['kind'];
  #isUp = true;
  #made = 0;

  constructor({ kind = 'docker', time = new FakeClock() }: FakeEngineOptions = {}) {
    this.#kind = kind;
    this.#time = time;
    this.clock = {
      now: () => time.now(),
      random: () => time.random(),
      sleep: async (ms, signal) => {
        await time.sleep(ms, signal);
        this.#settle();
      },
    };
  }

  /** Makes an image available in its registry. */
  publish(image: DigestReference, program: Program): void {
    this.#published.set(formatReference(image), program);
  }

  /** What the next pulls of an image meet, until `undefined`. */
  failPull(image: DigestReference, error: Error | undefined): void {
    if (error === undefined) this.#pullFailures.delete(formatReference(image));
    else this.#pullFailures.set(formatReference(image), error);
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.#time.advance(ms);
    this.#settle();
  }

  /** The engine is gone: its containers end, and every call is ENGINE_UNREACHABLE. */
  goDown(): void {
    this.#settle();
    this.#isUp = false;
    for (const { life } of this.#containers.values()) life.kill(this.#time.now());
  }

  /** The engine is back, as after a reboot: restart policies have been followed. */
  comeUp(): void {
    this.#isUp = true;
    for (const made of this.#containers.values()) made.life.resume(this.#time.now());
    this.#hub.gap();
  }

  /** Ends a container as the kernel does for want of memory; its restart policy is followed. */
  kill(name: string): void {
    const made = this.#byName(name);
    if (made === undefined) throw new Error(`there is no ${name}`);
    made.life.crash(this.#time.now(), 137);
    this.#emit(made, 'ended', this.#time.now());
  }

  /** What the HTTP server of the container with this address answers; `undefined` if nothing does. */
  httpStatus(ip: string): number | undefined {
    this.#settle();
    const made = [...this.#containers.values()].find(({ address }) => address === ip);
    return made?.life.httpStatus(this.#time.now());
  }

  /** Names of the running containers that an alias leads to. */
  behind(network: string, alias: string): readonly string[] {
    this.#settle();
    return [...this.#containers.values()]
      .filter(({ life }) => life.isRunning)
      .filter(({ spec }) => attachment(spec, network)?.aliases.includes(alias) === true)
      .map(({ spec }) => spec.name);
  }

  /** Every container's name and state, in the order of their creation. */
  get states(): Readonly<Record<string, string>> {
    this.#settle();
    return Object.fromEntries(
      Array.from(this.#containers.values(), ({ spec, life }) => [spec.name, life.state]),
    );
  }

  async info(options: Options = {}): Promise<EngineInfo> {
    await this.#enter(options);
    const docker = this.#kind === 'docker';
    return {
      kind: this.#kind,
      version: docker ? '20.10.24' : '4.3.1',
      apiVersion: '1.41',
      rootless: false,
      architecture: 'amd64',
    };
  }

  async pull(
    image: DigestReference,
    _credential: Credential,
    options: Options = {},
  ): Promise<ImageId> {
    await this.#enter(options);
    const reference = formatReference(image);
    if (!this.#images.has(reference)) {
      this.pulls.push(reference);
      const failure = this.#pullFailures.get(reference);
      if (failure !== undefined) throw failure;
      if (!this.#published.has(reference)) {
        throw new RegistryError('REGISTRY_NOT_FOUND', `${reference} is not in its registry`);
      }
      this.#images.add(reference);
    }
    return imageIdOf(reference);
  }

  async inspectImage(
    image: DigestReference | ImageId,
    options: Options = {},
  ): Promise<Image | undefined> {
    await this.#enter(options);
    const reference = this.#pulled(image);
    if (reference === undefined) return undefined;
    return {
      id: imageIdOf(reference),
      repositoryDigests: [reference],
      architecture: 'amd64',
      sizeBytes: 1_000_000,
      labels: {},
    };
  }

  async removeImage(
    image: DigestReference | ImageId,
    options: Options = {},
  ): Promise<'removed' | 'in-use'> {
    await this.#enter(options);
    const reference = this.#pulled(image);
    if (reference === undefined) return 'removed';
    const isUsed = [...this.#containers.values()].some(
      ({ spec }) => formatReference(spec.image) === reference,
    );
    if (isUsed) return 'in-use';
    this.#images.delete(reference);
    return 'removed';
  }

  async create(spec: ContainerSpec, options: Options = {}): Promise<ContainerId> {
    await this.#enter(options);
    this.#claim(spec.name);
    const reference = formatReference(spec.image);
    const program = this.#published.get(reference);
    if (!this.#images.has(reference) || program === undefined) {
      throw new EngineError('NOT_FOUND', `there is no image ${reference}`);
    }
    for (const { name } of attachments(spec)) {
      if (!this.#networks.has(name)) throw new EngineError('NOT_FOUND', `no network ${name}`);
    }
    this.#made += 1;
    const id = createHash('sha256').update(`container ${this.#made}`).digest('hex') as ContainerId;
    this.#containers.set(id, {
      id,
      spec,
      program,
      life: new Life(program, spec.restart),
      createdAt: this.#time.now(),
      address: `10.88.${Math.floor(this.#made / 250)}.${(this.#made % 250) + 1}`,
    });
    return id;
  }

  async specOf(id: ContainerId, options: Options = {}): Promise<ContainerSpec> {
    await this.#enter(options);
    return this.#get(id).spec;
  }

  async start(id: ContainerId, options: Options = {}): Promise<void> {
    await this.#enter(options);
    const made = this.#get(id);
    if (made.life.isRunning) return;
    const failure = made.program.startFailure ?? this.#portTaken(made);
    if (failure !== undefined) throw new EngineError('ENGINE_REFUSED', failure);
    made.life.start(this.#time.now());
    this.#emit(made, 'started', this.#time.now());
  }

  async inspect(nameOrId: string, options: Options = {}): Promise<Container | undefined> {
    await this.#enter(options);
    const made = this.#containers.get(nameOrId as ContainerId) ?? this.#byName(nameOrId);
    return made === undefined ? undefined : this.#show(made);
  }

  async list(
    labels: Readonly<Record<string, string>>,
    options: Options = {},
  ): Promise<readonly Container[]> {
    await this.#enter(options);
    requireLabels(labels);
    return [...this.#containers.values()]
      .filter((made) => carries(made.spec.labels, labels))
      .map((made) => this.#show(made));
  }

  async rename(id: ContainerId, name: string, options: Options = {}): Promise<void> {
    await this.#enter(options);
    const made = this.#get(id);
    if (made.spec.name === name) return;
    this.#claim(name);
    made.spec = { ...made.spec, name };
    this.#emit(made, 'renamed', this.#time.now());
  }

  async stop(id: ContainerId, graceSeconds: number, options: Options = {}): Promise<void> {
    await this.#enter(options);
    const made = this.#containers.get(id);
    if (made === undefined) return;
    const wasRunning = made.life.isRunning;
    await this.clock.sleep(made.life.stop(this.#time.now(), graceSeconds * 1_000), options.signal);
    if (wasRunning) this.#emit(made, 'ended', this.#time.now());
  }

  async remove(id: ContainerId, options: Options = {}): Promise<void> {
    await this.#enter(options);
    const made = this.#containers.get(id);
    if (made === undefined) return;
    const wasRunning = made.life.isRunning;
    made.life.stop(this.#time.now(), 0);
    this.#containers.delete(id);
    if (wasRunning) this.#emit(made, 'ended', this.#time.now());
    this.#emit(made, 'removed', this.#time.now());
  }

  async checkHealth(id: ContainerId, options: Options = {}): Promise<Container> {
    await this.#enter(options);
    return this.#show(this.#get(id));
  }

  async ensureNetwork(
    name: string,
    labels: Readonly<Record<string, string>>,
    options: Options = {},
  ): Promise<void> {
    await this.#enter(options);
    if (!this.#networks.has(name)) this.#networks.set(name, labels);
  }

  async removeNetwork(name: string, options: Options = {}): Promise<void> {
    await this.#enter(options);
    const user = [...this.#containers.values()].find(({ spec }) => attachment(spec, name));
    if (user !== undefined) {
      throw new EngineError('ENGINE_REFUSED', `${user.spec.name} is in network ${name}`);
    }
    this.#networks.delete(name);
  }

  async connect(id: ContainerId, network: NetworkAttachment, options: Options = {}): Promise<void> {
    await this.#enter(options);
    const made = this.#get(id);
    if (!this.#networks.has(network.name)) {
      throw new EngineError('NOT_FOUND', `there is no network ${network.name}`);
    }
    const others = attachments(made.spec).filter(({ name }) => name !== network.name);
    made.spec = { ...made.spec, network: [...others, network] };
  }

  async disconnect(id: ContainerId, network: string, options: Options = {}): Promise<void> {
    await this.#enter(options);
    const made = this.#containers.get(id);
    if (made === undefined || attachment(made.spec, network) === undefined) return;
    const others = attachments(made.spec).filter(({ name }) => name !== network);
    made.spec = { ...made.spec, network: others };
  }

  async logs(id: ContainerId, { tail, signal }: LogOptions): Promise<readonly LogLine[]> {
    await this.#enter(signal === undefined ? {} : { signal });
    return tail === 0 ? [] : this.#get(id).life.log.slice(-tail);
  }

  async *followLogs(id: ContainerId, { tail, signal }: LogOptions): AsyncIterable<LogLine> {
    await this.#enter(signal === undefined ? {} : { signal });
    const { life } = this.#get(id);
    let seen = Math.max(0, life.log.length - tail);
    const happenings = this.#hub.subscribe(signal);
    for (;;) {
      for (const line of life.log.slice(seen)) yield line;
      seen = life.log.length;
      if (!life.isRunning || (await happenings.next()).done === true) return;
    }
  }

  async *events(
    labels: Readonly<Record<string, string>>,
    { signal }: Options = {},
  ): AsyncIterable<ContainerEvent> {
    requireLabels(labels);
    for await (const { event, labels: its } of this.#hub.subscribe(signal)) {
      if (event.kind === 'gap' || carries(its, labels)) yield event;
    }
  }

  async #enter({ signal }: Options): Promise<void> {
    signal?.throwIfAborted();
    await Promise.resolve();
    if (!this.#isUp) {
      throw new EngineError('ENGINE_UNREACHABLE', `nothing listens at ${this.location}`);
    }
    this.#settle();
  }

  #settle(): void {
    if (!this.#isUp) return;
    for (const made of this.#containers.values()) {
      for (const { kind, at } of made.life.advance(this.#time.now())) this.#emit(made, kind, at);
    }
  }

  #emit(
    { id, spec, life }: Made,
    kind: 'started' | 'ended' | 'renamed' | 'removed',
    at: number,
  ): void {
    const common = { id, name: spec.name, at };
    const event: ContainerEvent =
      kind === 'ended' ? { kind, ...common, exitCode: life.exitCode } : { kind, ...common };
    this.#hub.publish({ event, labels: spec.labels });
  }

  #get(id: ContainerId): Made {
    const made = this.#containers.get(id);
    if (made === undefined) throw new EngineError('NOT_FOUND', `there is no container ${id}`);
    return made;
  }

  #byName(name: string): Made | undefined {
    return [...this.#containers.values()].find(({ spec }) => spec.name === name);
  }

  #claim(name: string): void {
    if (this.#byName(name) === undefined) return;
    throw new EngineError('NAME_TAKEN', `another container is named ${name}`);
  }

  #pulled(image: DigestReference | ImageId): string | undefined {
    return [...this.#images].find((reference) =>
      typeof image === 'string'
        ? imageIdOf(reference) === image
        : reference === formatReference(image),
    );
  }

  #portTaken({ id, spec }: Made): string | undefined {
    const wanted = new Set(hostPorts(spec));
    const other = [...this.#containers.values()].find(
      (made) =>
        made.id !== id && made.life.isRunning && hostPorts(made.spec).some((p) => wanted.has(p)),
    );
    return other === undefined ? undefined : `a published port is taken by ${other.spec.name}`;
  }

  #show({ id, spec, life, createdAt, program, address }: Made): Container {
    const healthCheck =
      spec.healthCheck === 'none' ? undefined : (spec.healthCheck ?? program.healthCheck);
    return {
      id,
      name: spec.name,
      imageId: imageIdOf(formatReference(spec.image)),
      labels: spec.labels,
      state: life.state,
      health: life.health(this.#time.now(), healthCheck !== undefined),
      healthCheck,
      restartCount: life.restartCount,
      restart: spec.restart,
      exitCode: life.exitCode,
      outOfMemory: life.outOfMemory,
      createdAt,
      startedAt: life.startedAt,
      finishedAt: life.finishedAt,
      network: spec.network,
      addresses: life.isRunning
        ? attachments(spec).map(({ name }) => ({ network: name, ip: address }))
        : [],
      mounts: spec.mounts,
    };
  }
}

export interface FakeEngineOptions {
  readonly kind?: EngineInfo['kind'];
  readonly time?: FakeClock;
}

function imageIdOf(reference: string): ImageId {
  return `sha256:${createHash('sha256').update(`image ${reference}`).digest('hex')}` as ImageId;
}

function attachments({ network }: ContainerSpec): readonly NetworkAttachment[] {
  return typeof network === 'string' ? [] : network;
}

function attachment(spec: ContainerSpec, network: string): NetworkAttachment | undefined {
  return attachments(spec).find(({ name }) => name === network);
}

function hostPorts({ ports }: ContainerSpec): readonly string[] {
  return ports.flatMap(({ hostPort, protocol }) =>
    hostPort === undefined ? [] : [`${hostPort}/${protocol}`],
  );
}

function carries(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function requireLabels(labels: Readonly<Record<string, string>>): void {
  if (Object.keys(labels).length === 0) throw new TypeError('at least one label is needed');
}
