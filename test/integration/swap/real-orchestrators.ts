import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '../../../src/log.ts';
import { systemClock } from '../../../src/registry/http/clock.ts';
import type { Commands } from '../../../src/orchestrator/commands.ts';
import { createCommands } from '../../../src/orchestrator/create-commands.ts';
import type { Container, ContainerId } from '../../../src/orchestrator/engine/container.ts';
import { httpProbe } from '../../../src/orchestrator/gate/probe.ts';
import { SelfUpdateBoard } from '../../../src/orchestrator/self-update/board.ts';
import { runRoleLoop } from '../../../src/orchestrator/self-update/role-loop.ts';
import { mortal, type MortalEngine } from '../../fakes/container-engine-crash.ts';
import { plainSpec } from '../../fakes/container-engine-specs.ts';
import { killQuietly } from '../../support/servers/engine-server.ts';
import { processOf } from './process-of.ts';
import type { RealMachine } from './real-machine.ts';

/** When a process dies: after so many changes, or so long after it was told to do something. */
export type Death = number | { readonly ms: number };

/** The program of one run of an orchestrator's container. It lives in the test, for that run. */
interface Process {
  readonly id: ContainerId;
  readonly startedAt: number | undefined;
  readonly view: MortalEngine;
  /** It is to die now. */
  readonly isDoomed: () => boolean;
  /** A command has come to it, or nobody else is left to die. */
  readonly windUp: () => void;
  readonly unwind: () => void;
  readonly end: AbortController;
  readonly commands: Commands;
  readonly inFlight: Set<Promise<unknown>>;
  readonly loop: Promise<void>;
  isActive: boolean;
}

/** Orchestrators in real containers: what kills the program kills the container, and the reverse. */
export class RealOrchestrators {
  readonly name: string;
  /** Whether there was ever more than one active. */
  wereTwo = false;
  readonly effects: string[] = [];
  readonly #machine: RealMachine;
  readonly #deaths: Death[];
  readonly #settleMs: number;
  readonly #processes = new Map<ContainerId, Process>();

  constructor(machine: RealMachine, name: string, deaths: readonly Death[], settleMs: number) {
    this.#settleMs = settleMs;
    this.#machine = machine;
    this.name = name;
    this.#deaths = [...deaths];
  }

  /** Starts the first, as an operator does. */
  async boot(version: string): Promise<void> {
    const { engine } = this.#machine;
    const image = this.#machine.image(version);
    await engine.pull(image, { kind: 'anonymous', origin: 'test' });
    const spec = plainSpec(this.name, image, {
      restart: 'unless-stopped',
      network: [{ name: 'atlan', aliases: [] }],
    });
    await engine.start(await engine.create(spec));
  }

  get active(): Process | undefined {
    return [...this.#processes.values()].find(({ isActive }) => isActive);
  }

  /** Calls a command; who goes off duty waits for it. */
  async call<T>(process: Process, run: (commands: Commands) => Promise<T>): Promise<T> {
    process.windUp();
    const work = run(process.commands);
    process.inFlight.add(work);
    try {
      return await work;
    } finally {
      process.inFlight.delete(work);
    }
  }

  /** Looks after the processes until something is so. */
  async runUntil(isSo: () => boolean | Promise<boolean>, mostMs: number): Promise<boolean> {
    const end = Date.now() + mostMs;
    while (Date.now() < end) {
      await this.#look();
      if (await isSo()) return true;
      await delay(250);
    }
    return false;
  }

  async containers(): Promise<readonly Container[]> {
    const names = [this.name, `${this.name}.green`, `${this.name}.old`];
    const found = await Promise.all(names.map(async (name) => this.#machine.engine.inspect(name)));
    return found.filter((container) => container !== undefined);
  }

  async shutDown(): Promise<void> {
    const loops = [...this.#processes.values()].map(async (process) => {
      this.#bury(process);
      await process.loop;
    });
    await Promise.all(loops);
    for (const { id } of await this.containers()) await this.#machine.engine.remove(id);
  }

  async #look(): Promise<void> {
    for (const process of this.#processes.values()) {
      if (!process.isDoomed()) continue;
      this.effects.push(...process.view.effects);
      this.#bury(process);
      const pid = await processOf(this.#machine, process.id);
      if (pid > 0) killQuietly(pid);
    }
    const containers = await this.containers();
    for (const process of this.#processes.values()) {
      const container = containers.find(({ id }) => id === process.id);
      const runs = container?.state === 'running' && container.startedAt === process.startedAt;
      if (!runs) this.#bury(process);
    }
    for (const { id, state } of containers) {
      if (state !== 'running' || this.#processes.has(id)) continue;
      const container = await this.#machine.engine.checkHealth(id).catch(() => undefined);
      if (container?.state === 'running' && container.health === 'healthy') this.#spawn(container);
    }
  }

  #bury(process: Process): void {
    process.isActive = false;
    process.end.abort(new Error('the process is gone'));
    process.unwind();
    if (this.#processes.get(process.id) === process) this.#processes.delete(process.id);
  }

  #spawn({ id, startedAt }: Container): void {
    const death = this.#deaths.shift() ?? Number.POSITIVE_INFINITY;
    const deathAfter = typeof death === 'number' ? death : Number.POSITIVE_INFINITY;
    const view = mortal(this.#machine.engine, deathAfter);
    let isStruck = false;
    let timer: NodeJS.Timeout | undefined;
    const windUp = (): void => {
      if (typeof death === 'number') return;
      timer ??= setTimeout(() => {
        isStruck = true;
        view.die();
      }, death.ms);
    };
    const isDoomed = (): boolean => isStruck || view.effects.length >= deathAfter;
    // A successor lives to be judged, whether or not somebody tells it something.
    if (this.#processes.size > 0) windUp();
    const end = new AbortController();
    const board = new SelfUpdateBoard();
    const inFlight = new Set<Promise<unknown>>();
    const duty = {
      start: async (): Promise<void> => {
        process.isActive = !end.signal.aborted;
        const actives = [...this.#processes.values()].filter(({ isActive }) => isActive);
        if (actives.length > 1) this.wereTwo = true;
      },
      stop: async (): Promise<void> => {
        if (!end.signal.aborted) await Promise.allSettled(inFlight);
        process.isActive = false;
      },
    };
    const own = {
      deployment: 'prod',
      engine: view.engine,
      clock: systemClock,
      probe: httpProbe,
      board,
      logger: silentLogger,
      gateSettleSeconds: 1,
      ownId: id,
    };
    const loop = runRoleLoop(
      { ...own, duty, times: { settleMs: this.#settleMs } },
      { signal: end.signal },
    );
    const world = { ...this.#machine.world(), ...own, orchestratorName: this.name };
    const commands = createCommands(world);
    const process: Process = {
      id,
      startedAt,
      view,
      isDoomed,
      windUp,
      unwind: () => clearTimeout(timer),
      end,
      commands,
      inFlight,
      loop,
      isActive: false,
    };
    this.#processes.set(id, process);
  }
}
