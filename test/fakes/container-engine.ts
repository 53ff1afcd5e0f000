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
import type { Credential } from '../../src/registry/credentials.ts';
import { formatReference, type DigestReference } from '../../src/registry/reference.ts';
import { Life } from './container-engine-life.ts';

import {
  attachment,
  attachments,
  carries,
  FakeEngineWorld,
  imageIdOf,
  requireLabels,
} from './container-engine-world.ts';

/**
 * A container engine in memory, with the registries it pulls from. What an image does is a
 * Program; time passes by its {@link clock} alone. Tests reach in by the methods that
 * {@link ContainerEngine} does not have.
 */
export class FakeContainerEngine extends FakeEngineWorld implements ContainerEngine {
  async info(options: Options = {}): Promise<EngineInfo> {
    await this.enter(options);
    const docker = this.kindOf === 'docker';
    return {
      kind: this.kindOf,
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
    await this.enter(options);
    const reference = formatReference(image);
    if (!this.images.has(reference)) {
      this.pulls.push(reference);
      const failure = this.pullFailures.get(reference);
      if (failure !== undefined) throw failure;
      if (!this.published.has(reference)) {
        throw new RegistryError('REGISTRY_NOT_FOUND', `${reference} is not in its registry`);
      }
      this.images.add(reference);
    }
    return imageIdOf(reference);
  }

  async inspectImage(
    image: DigestReference | ImageId,
    options: Options = {},
  ): Promise<Image | undefined> {
    await this.enter(options);
    const reference = this.pulled(image);
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
    await this.enter(options);
    const reference = this.pulled(image);
    if (reference === undefined) return 'removed';
    const isUsed = [...this.containers.values()].some(
      ({ spec }) => formatReference(spec.image) === reference,
    );
    if (isUsed) return 'in-use';
    this.images.delete(reference);
    return 'removed';
  }

  async create(spec: ContainerSpec, options: Options = {}): Promise<ContainerId> {
    await this.enter(options);
    this.claim(spec.name);
    const reference = formatReference(spec.image);
    const program = this.published.get(reference);
    if (!this.images.has(reference) || program === undefined) {
      throw new EngineError('NOT_FOUND', `there is no image ${reference}`);
    }
    for (const { name } of attachments(spec)) {
      if (!this.networks.has(name)) throw new EngineError('NOT_FOUND', `no network ${name}`);
    }
    this.count += 1;
    const id = createHash('sha256').update(`container ${this.count}`).digest('hex') as ContainerId;
    this.containers.set(id, {
      id,
      spec,
      program,
      life: new Life(program, spec.restart),
      createdAt: this.time.now(),
      address: `10.88.${Math.floor(this.count / 250)}.${(this.count % 250) + 1}`,
    });
    return id;
  }

  async specOf(id: ContainerId, options: Options = {}): Promise<ContainerSpec> {
    await this.enter(options);
    return this.find(id).spec;
  }

  async start(id: ContainerId, options: Options = {}): Promise<void> {
    await this.enter(options);
    const made = this.find(id);
    if (made.life.isRunning) return;
    const failure = made.program.startFailure ?? this.portTaken(made);
    if (failure !== undefined) throw new EngineError('ENGINE_REFUSED', failure);
    made.life.start(this.time.now());
    this.emit(made, 'started', this.time.now());
  }

  async inspect(nameOrId: string, options: Options = {}): Promise<Container | undefined> {
    await this.enter(options);
    const made = this.containers.get(nameOrId as ContainerId) ?? this.byName(nameOrId);
    return made === undefined ? undefined : this.show(made);
  }

  async list(
    labels: Readonly<Record<string, string>>,
    options: Options = {},
  ): Promise<readonly Container[]> {
    await this.enter(options);
    requireLabels(labels);
    return [...this.containers.values()]
      .filter((made) => carries(made.spec.labels, labels))
      .map((made) => this.show(made));
  }

  async rename(id: ContainerId, name: string, options: Options = {}): Promise<void> {
    await this.enter(options);
    const made = this.find(id);
    if (made.spec.name === name) return;
    this.claim(name);
    made.spec = { ...made.spec, name };
    this.emit(made, 'renamed', this.time.now());
  }

  async stop(id: ContainerId, graceSeconds: number, options: Options = {}): Promise<void> {
    await this.enter(options);
    const made = this.containers.get(id);
    if (made === undefined) return;
    const wasRunning = made.life.isRunning;
    await this.clock.sleep(made.life.stop(this.time.now(), graceSeconds * 1_000), options.signal);
    if (wasRunning) this.emit(made, 'ended', this.time.now());
  }

  async remove(id: ContainerId, options: Options = {}): Promise<void> {
    await this.enter(options);
    const made = this.containers.get(id);
    if (made === undefined) return;
    const wasRunning = made.life.isRunning;
    made.life.stop(this.time.now(), 0);
    this.containers.delete(id);
    if (wasRunning) this.emit(made, 'ended', this.time.now());
    this.emit(made, 'removed', this.time.now());
  }

  async checkHealth(id: ContainerId, options: Options = {}): Promise<Container> {
    await this.enter(options);
    return this.show(this.find(id));
  }

  async ensureNetwork(
    name: string,
    labels: Readonly<Record<string, string>>,
    options: Options = {},
  ): Promise<void> {
    await this.enter(options);
    if (!this.networks.has(name)) this.networks.set(name, labels);
  }

  async removeNetwork(name: string, options: Options = {}): Promise<void> {
    await this.enter(options);
    const user = [...this.containers.values()].find(({ spec }) => attachment(spec, name));
    if (user !== undefined) {
      throw new EngineError('ENGINE_REFUSED', `${user.spec.name} is in network ${name}`);
    }
    this.networks.delete(name);
  }

  async connect(id: ContainerId, network: NetworkAttachment, options: Options = {}): Promise<void> {
    await this.enter(options);
    const made = this.find(id);
    if (!this.networks.has(network.name)) {
      throw new EngineError('NOT_FOUND', `there is no network ${network.name}`);
    }
    const others = attachments(made.spec).filter(({ name }) => name !== network.name);
    made.spec = { ...made.spec, network: [...others, network] };
  }

  async disconnect(id: ContainerId, network: string, options: Options = {}): Promise<void> {
    await this.enter(options);
    const made = this.containers.get(id);
    if (made === undefined || attachment(made.spec, network) === undefined) return;
    const others = attachments(made.spec).filter(({ name }) => name !== network);
    made.spec = { ...made.spec, network: others };
  }

  async logs(id: ContainerId, { tail, signal }: LogOptions): Promise<readonly LogLine[]> {
    await this.enter(signal === undefined ? {} : { signal });
    return tail === 0 ? [] : this.find(id).life.log.slice(-tail);
  }

  async *followLogs(id: ContainerId, { tail, signal }: LogOptions): AsyncIterable<LogLine> {
    await this.enter(signal === undefined ? {} : { signal });
    const { life } = this.find(id);
    let seen = Math.max(0, life.log.length - tail);
    const happenings = this.hub.subscribe(signal);
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
    for await (const { event, labels: its } of this.hub.subscribe(signal)) {
      if (event.kind === 'gap' || carries(its, labels)) yield event;
    }
  }
}
