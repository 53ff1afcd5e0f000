import { createHash } from 'node:crypto';
import { EngineError } from '../../src/errors.ts';
import type {
  Container,
  ContainerEvent,
  ContainerId,
  EngineInfo,
  ImageId,
} from '../../src/orchestrator/engine/container.ts';
import type {
  ContainerSpec,
  NetworkAttachment,
} from '../../src/orchestrator/engine/container-spec.ts';
import type { Options } from '../../src/options.ts';
import type { Clock } from '../../src/registry/http/clock.ts';
import { formatReference, type DigestReference } from '../../src/registry/reference.ts';
import { EventHub } from './container-engine-events.ts';
import type { Life } from './container-engine-life.ts';
import type { Program } from './container-engine-programs.ts';
import { FakeClock } from './fake-clock.ts';

/** A container of the fake engine. */
export interface Made {
  readonly id: ContainerId;
  spec: ContainerSpec;
  readonly life: Life;
  readonly createdAt: number;
  readonly program: Program;
  readonly address: string;
}

/** What the fake engine holds, and how tests reach into it. */
export class FakeEngineWorld {
  readonly location = 'unix:///fake.sock';
  /** Give it to the code under test: containers live while it sleeps. */
  readonly clock: Clock;
  /** Pulls that asked a registry, by reference. */
  readonly pulls: string[] = [];
  protected readonly time: FakeClock;
  protected readonly published: Map<string, Program> = new Map();
  protected readonly pullFailures: Map<string, Error> = new Map();
  protected readonly images: Set<string> = new Set();
  protected readonly containers: Map<ContainerId, Made> = new Map();
  protected readonly networks: Map<string, Readonly<Record<string, string>>> = new Map();
  protected readonly hub: EventHub = new EventHub();
  protected readonly kindOf: EngineInfo['kind'];
  protected isUp = true;
  protected count = 0;

  constructor({ kind = 'docker', time = new FakeClock() }: FakeEngineOptions = {}) {
    this.kindOf = kind;
    this.time = time;
    this.clock = {
      now: () => time.now(),
      random: () => time.random(),
      sleep: async (ms, signal) => {
        await time.sleep(ms, signal);
        this.settle();
      },
    };
  }

  /** Makes an image available in its registry. */
  publish(image: DigestReference, program: Program): void {
    this.published.set(formatReference(image), program);
  }

  /** What the next pulls of an image meet, until `undefined`. */
  failPull(image: DigestReference, error: Error | undefined): void {
    if (error === undefined) this.pullFailures.delete(formatReference(image));
    else this.pullFailures.set(formatReference(image), error);
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.time.advance(ms);
    this.settle();
  }

  /** The engine is gone: its containers end, and every call is ENGINE_UNREACHABLE. */
  goDown(): void {
    this.settle();
    this.isUp = false;
    for (const { life } of this.containers.values()) life.kill(this.time.now());
  }

  /** The engine is back, as after a reboot: restart policies have been followed. */
  comeUp(): void {
    this.isUp = true;
    for (const made of this.containers.values()) made.life.resume(this.time.now());
    this.hub.gap();
  }

  /** Ends a container as the kernel does for want of memory; its restart policy is followed. */
  kill(name: string): void {
    const made = this.byName(name);
    if (made === undefined) throw new Error(`there is no ${name}`);
    made.life.crash(this.time.now(), 137);
    this.emit(made, 'ended', this.time.now());
  }

  /** What the HTTP server of the container with this address answers; `undefined` if nothing does. */
  httpStatus(ip: string): number | undefined {
    this.settle();
    const made = [...this.containers.values()].find(({ address }) => address === ip);
    return made?.life.httpStatus(this.time.now());
  }

  /** Names of the running containers that an alias leads to. */
  behind(network: string, alias: string): readonly string[] {
    this.settle();
    return [...this.containers.values()]
      .filter(({ life }) => life.isRunning)
      .filter(({ spec }) => attachment(spec, network)?.aliases.includes(alias) === true)
      .map(({ spec }) => spec.name);
  }

  /** Every container's name and state, in the order of their creation. */
  get states(): Readonly<Record<string, string>> {
    this.settle();
    return Object.fromEntries(
      Array.from(this.containers.values(), ({ spec, life }) => [spec.name, life.state]),
    );
  }

  protected async enter({ signal }: Options): Promise<void> {
    signal?.throwIfAborted();
    await Promise.resolve();
    if (!this.isUp) {
      throw new EngineError('ENGINE_UNREACHABLE', `nothing listens at ${this.location}`);
    }
    this.settle();
  }

  protected settle(): void {
    if (!this.isUp) return;
    for (const made of this.containers.values()) {
      for (const { kind, at } of made.life.advance(this.time.now())) this.emit(made, kind, at);
    }
  }

  protected emit(
    { id, spec, life }: Made,
    kind: 'started' | 'ended' | 'renamed' | 'removed',
    at: number,
  ): void {
    const common = { id, name: spec.name, at };
    const event: ContainerEvent =
      kind === 'ended' ? { kind, ...common, exitCode: life.exitCode } : { kind, ...common };
    this.hub.publish({ event, labels: spec.labels });
  }

  protected find(id: ContainerId): Made {
    const made = this.containers.get(id);
    if (made === undefined) throw new EngineError('NOT_FOUND', `there is no container ${id}`);
    return made;
  }

  protected byName(name: string): Made | undefined {
    return [...this.containers.values()].find(({ spec }) => spec.name === name);
  }

  protected claim(name: string): void {
    if (this.byName(name) === undefined) return;
    throw new EngineError('NAME_TAKEN', `another container is named ${name}`);
  }

  protected pulled(image: DigestReference | ImageId): string | undefined {
    return [...this.images].find((reference) =>
      typeof image === 'string'
        ? imageIdOf(reference) === image
        : reference === formatReference(image),
    );
  }

  protected portTaken({ id, spec }: Made): string | undefined {
    const wanted = new Set(hostPorts(spec));
    const other = [...this.containers.values()].find(
      (made) =>
        made.id !== id && made.life.isRunning && hostPorts(made.spec).some((p) => wanted.has(p)),
    );
    return other === undefined ? undefined : `a published port is taken by ${other.spec.name}`;
  }

  protected show({ id, spec, life, createdAt, program, address }: Made): Container {
    const healthCheck =
      spec.healthCheck === 'none' ? undefined : (spec.healthCheck ?? program.healthCheck);
    return {
      id,
      name: spec.name,
      imageId: imageIdOf(formatReference(spec.image)),
      labels: spec.labels,
      state: life.state,
      health: life.health(this.time.now(), healthCheck !== undefined),
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

export function imageIdOf(reference: string): ImageId {
  return `sha256:${createHash('sha256').update(`image ${reference}`).digest('hex')}` as ImageId;
}

export function attachments({ network }: ContainerSpec): readonly NetworkAttachment[] {
  return typeof network === 'string' ? [] : network;
}

export function attachment(spec: ContainerSpec, network: string): NetworkAttachment | undefined {
  return attachments(spec).find(({ name }) => name === network);
}

export function hostPorts({ ports }: ContainerSpec): readonly string[] {
  return ports.flatMap(({ hostPort, protocol }) =>
    hostPort === undefined ? [] : [`${hostPort}/${protocol}`],
  );
}

export function carries(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

export function requireLabels(labels: Readonly<Record<string, string>>): void {
  if (Object.keys(labels).length === 0) throw new TypeError('at least one label is needed');
}
