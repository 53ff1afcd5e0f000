import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import {
  EngineError,
  RegistryError,
  type EngineErrorCode,
  type RegistryErrorCode,
} from '../../../src/errors.ts';
import type { ContainerEngine } from '../../../src/orchestrator/engine/container-engine.ts';
import type { Container, ContainerId } from '../../../src/orchestrator/engine/container.ts';
import type { ContainerSpec } from '../../../src/orchestrator/engine/container-spec.ts';
import type { Credential } from '../../../src/registry/credentials.ts';
import type { DigestReference } from '../../../src/registry/reference.ts';
import { plainSpec } from '../../fakes/container-engine-specs.ts';
import type { Behaviour, EngineUnderTest } from '../container-engine.ts';

export const anonymous: Credential = { kind: 'anonymous', origin: 'test' };

/** Longest wait for something an engine does by itself. */
const PATIENCE_MS = 90_000;

/** The part of the engine that one test uses: what carries its label is removed after it. */
export class Scene {
  readonly engine: ContainerEngine;
  readonly folder: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly #world: EngineUnderTest;
  readonly #prefix = `t${randomUUID().slice(0, 8)}`;
  readonly #networks: string[] = [];

  constructor(t: TestContext, world: EngineUnderTest) {
    this.#world = world;
    this.engine = world.engine;
    this.folder = world.folder;
    this.labels = { scene: this.#prefix };
    t.after(async () => this.#cleanUp());
  }

  /** A name of this test alone. */
  name(name: string): string {
    return `${this.#prefix}-${name}`;
  }

  spec(name: string, image: DigestReference, more: Partial<ContainerSpec> = {}): ContainerSpec {
    const labels = { ...this.labels, ...more.labels };
    return plainSpec(this.name(name), image, { ...more, labels });
  }

  async pull(behaviour: Behaviour): Promise<DigestReference> {
    const image = await this.#world.publish(behaviour);
    await this.engine.pull(image, anonymous);
    return image;
  }

  async create(
    name: string,
    behaviour: Behaviour,
    more: Partial<ContainerSpec> = {},
  ): Promise<ContainerId> {
    return this.engine.create(this.spec(name, await this.pull(behaviour), more));
  }

  async run(
    name: string,
    behaviour: Behaviour,
    more: Partial<ContainerSpec> = {},
  ): Promise<ContainerId> {
    const id = await this.create(name, behaviour, more);
    await this.engine.start(id);
    return id;
  }

  async network(name: string): Promise<string> {
    const network = this.name(name);
    await this.engine.ensureNetwork(network, this.labels);
    this.#networks.push(network);
    return network;
  }

  /** The container, which must be there. */
  async inspect(id: ContainerId): Promise<Container> {
    const container = await this.engine.inspect(id);
    assert.ok(container, `container ${id} is gone`);
    return container;
  }

  async until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    const deadline = this.#world.now() + PATIENCE_MS;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      assert.ok(this.#world.now() < deadline, `not in ${PATIENCE_MS} ms: ${what}`);
      await this.#world.pause();
    }
  }

  /** Waits until the container is as wanted, and gives it. */
  async untilIs(id: ContainerId, is: (container: Container) => boolean): Promise<Container> {
    return this.until(`container is as ${is.toString()} wants it`, async () => {
      const container = await this.inspect(id);
      return is(container) ? container : undefined;
    });
  }

  async #cleanUp(): Promise<void> {
    for (const { id } of await this.engine.list(this.labels)) await this.engine.remove(id);
    for (const network of this.#networks) await this.engine.removeNetwork(network);
  }
}

/** Whether an error is an engine's of this code; for `assert.rejects`. */
export function isEngineError(code: EngineErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof EngineError, `expected ${code}, got ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  };
}

/** Whether an error is a registry's of this code; for `assert.rejects`. */
export function isRegistryError(code: RegistryErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof RegistryError, `expected ${code}, got ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  };
}

/** How many of several attempts at the same thing succeeded; the others must fail as told. */
export async function winners(
  attempts: readonly Promise<unknown>[],
  isLoss: (error: unknown) => boolean,
): Promise<number> {
  const outcomes = await Promise.allSettled(attempts);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') isLoss(outcome.reason);
  }
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

export const noSuchContainer: ContainerId = 'f'.repeat(64) as ContainerId;
