import { silentLogger } from '../../../src/log.ts';
import type { Clock } from '../../../src/registry/http/clock.ts';
import { createCommands } from '../../../src/orchestrator/create-commands.ts';
import type { Commands } from '../../../src/orchestrator/commands.ts';
import type { Container, ContainerId } from '../../../src/orchestrator/engine/container.ts';
import { SelfUpdateBoard } from '../../../src/orchestrator/self-update/board.ts';
import { runRoleLoop } from '../../../src/orchestrator/self-update/role-loop.ts';
import { FakeContainerEngine } from '../../fakes/container-engine.ts';
import { mortal, type MortalEngine } from '../../fakes/container-engine-crash.ts';
import { programs, type Program } from '../../fakes/container-engine-programs.ts';
import { imageNamed, plainSpec } from '../../fakes/container-engine-specs.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeReleaseSource } from '../../fakes/release-source.ts';
import { noApps } from './app-world.ts';

export const ORCHESTRATOR = 'sdr-orchestrator';
const MOST_MS = 30 * 60_000;
const BOOT_MS = 700;

/** One run of the program of an orchestrator's container. */
interface Process {
  readonly id: ContainerId;
  readonly startedAt: number;
  readonly view: MortalEngine;
  readonly deathAfter: number;
  readonly end: AbortController;
  readonly commands: Commands;
  /** Those of a command line in the same container: another process, which shares no memory. */
  readonly beside: Commands;
  readonly inFlight: Set<Promise<unknown>>;
  isActive: boolean;
}

/**
 * A machine on which orchestrators run in containers of a fake engine, in virtual time: a process
 * runs while its container does, and a process that dies takes its container with it.
 */
export class Machine {
  readonly engine: FakeContainerEngine;
  /** Every number of orchestrators that were active at once. */
  readonly actives: Set<number> = new Set();
  /** What each mortal process did before it died. */
  readonly effects: string[] = [];
  readonly #time = new FakeClock();
  readonly #processes = new Map<ContainerId, Process>();
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  #spawned = 0;
  /** How many changes the processes to come make before they die; then they live. */
  readonly #deaths: number[];

  constructor(deaths: readonly number[] = []) {
    this.engine = new FakeContainerEngine({ time: this.#time });
    this.#deaths = [...deaths];
  }

  /** Starts the first orchestrator, as an operator does: without a label of ours. */
  async boot(version: string): Promise<void> {
    this.engine.publish(imageNamed(version), programs.good);
    await this.engine.pull(imageNamed(version), { kind: 'anonymous', origin: 'test' });
    const spec = plainSpec(ORCHESTRATOR, imageNamed(version), { restart: 'unless-stopped' });
    await this.engine.start(await this.engine.create(spec));
    await this.runUntil(() => this.active !== undefined);
  }

  publish(version: string, program: Program): void {
    this.engine.publish(imageNamed(version), program);
  }

  get now(): number {
    return this.#time.now();
  }

  /** The one that is active, if there is one. */
  get active(): Process | undefined {
    return [...this.#processes.values()].find(({ isActive }) => isActive);
  }

  /** Calls a command of a process, as its queue would: off duty means it has come to an end. */
  call<T>(process: Process, run: (commands: Commands) => Promise<T>): Promise<T> {
    const work = run(process.commands);
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    process.inFlight.add(settled);
    void settled.finally(() => process.inFlight.delete(settled));
    return work;
  }

  /** Lets time pass until something is so. */
  async runUntil(
    isSo: () => boolean | Promise<boolean>,
    mostMs: number = MOST_MS,
  ): Promise<boolean> {
    const end = this.now + mostMs;
    while (this.now < end) {
      await this.#settle();
      if (await isSo()) return true;
      const next = Math.min(this.now + 1000, ...[...this.#sleepers].map(({ at }) => at));
      this.engine.advance(Math.max(0, next - this.now));
      for (const sleeper of this.#sleepers) if (sleeper.at <= this.now) sleeper.wake();
    }
    return false;
  }

  /** Ends every process. */
  async shutDown(): Promise<void> {
    for (const { end } of this.#processes.values()) end.abort();
    await flush();
  }

  async #settle(): Promise<void> {
    await flush();
    for (const process of this.#processes.values()) {
      if (process.view.effects.length < process.deathAfter) continue;
      this.effects.push(...process.view.effects);
      const { name } = (await this.engine.inspect(process.id)) ?? {};
      this.#bury(process);
      if (name !== undefined) this.engine.kill(name);
    }
    for (const name of [ORCHESTRATOR, `${ORCHESTRATOR}.green`, `${ORCHESTRATOR}.old`]) {
      const container = await this.engine.inspect(name);
      if (container !== undefined) this.#spawn(container);
    }
    for (const process of this.#processes.values()) {
      const container = await this.engine.inspect(process.id);
      if (container?.state !== 'running' || container.startedAt !== process.startedAt) {
        this.#bury(process);
      }
    }
    await flush();
    this.actives.add([...this.#processes.values()].filter(({ isActive }) => isActive).length);
  }

  #bury(process: Process): void {
    process.isActive = false;
    process.end.abort();
    if (this.#processes.get(process.id) === process) this.#processes.delete(process.id);
  }

  #spawn({ id, state, startedAt, health }: Container): void {
    if (state !== 'running' || startedAt === undefined) return;
    // A version that never becomes healthy never gets as far as its loop.
    if (health !== 'healthy' || this.now < startedAt + BOOT_MS) return;
    const known = this.#processes.get(id);
    if (known?.startedAt === startedAt) return;
    if (known !== undefined) this.#bury(known);
    const deathAfter = this.#deaths.shift() ?? Number.POSITIVE_INFINITY;
    const view = mortal(this.engine, deathAfter);
    const end = new AbortController();
    const clock = this.#clockFor(end.signal);
    const board = new SelfUpdateBoard();
    const inFlight = new Set<Promise<unknown>>();
    const own = {
      deployment: 'prod',
      engine: view.engine,
      clock,
      probe: async () => undefined,
      board,
      logger: silentLogger,
      gateSettleSeconds: 10,
      ownId: id,
    };
    const world = {
      ...own,
      ...noApps(),
      releases: new FakeReleaseSource(),
      orchestratorName: ORCHESTRATOR,
      autoUpdateSelf: false,
    };
    const commands = createCommands(world);
    const process: Process = {
      id,
      startedAt,
      view,
      deathAfter,
      end,
      commands,
      beside: createCommands({ ...world, board: new SelfUpdateBoard() }),
      inFlight,
      isActive: false,
    };
    this.#processes.set(id, process);
    const duty = {
      start: async (): Promise<void> => {
        process.isActive = !end.signal.aborted;
      },
      stop: async (): Promise<void> => {
        // A process that was killed finishes nothing.
        if (!end.signal.aborted) await Promise.all(inFlight);
        process.isActive = false;
      },
    };
    const loop = runRoleLoop({ ...own, duty, times: { settleMs: 30_000 } }, { signal: end.signal });
    loop.catch(() => undefined);
  }

  #clockFor(end: AbortSignal): Clock {
    // No two processes look around at the same instant.
    this.#spawned += 1;
    let late = (this.#spawned * 370) % 1000;
    return {
      now: () => this.now,
      random: () => 0.5,
      sleep: async (ms, signal) => {
        const slept = Promise.withResolvers<void>();
        const sleeper = { at: this.now + ms + late, wake: slept.resolve };
        late = 0;
        const abort = (): void => {
          slept.reject(signal?.aborted === true ? signal.reason : end.reason);
        };
        for (const each of [signal, end]) {
          if (each?.aborted === true) abort();
          each?.addEventListener('abort', abort, { once: true });
        }
        this.#sleepers.add(sleeper);
        try {
          await slept.promise;
        } finally {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', abort);
          end.removeEventListener('abort', abort);
        }
      },
    };
  }
}

/** Lets every promise that can go on go on. */
async function flush(): Promise<void> {
  const flushed = Promise.withResolvers<void>();
  setImmediate(flushed.resolve);
  await flushed.promise;
}
