import type { ContainerState, Health, LogLine } from '../../src/orchestrator/engine/container.ts';
import type { RestartPolicy } from '../../src/orchestrator/engine/container-spec.ts';
import type { Program } from './container-engine-programs.ts';

/** What both engines wait before they start a crashed container again; doubles up to a minute. */
const FIRST_RESTART_DELAY_MS = 100;
const LONGEST_RESTART_DELAY_MS = 60_000;
/** A run this long ends the doubling. */
const STABLE_MS = 10_000;

/** One thing that happened to a container. */
export interface Happening {
  readonly kind: 'started' | 'ended';
  readonly at: number;
}

/** The life of one container of the fake engine: what time does to it. */
export class Life {
  state: ContainerState = 'created';
  startedAt: number | undefined;
  finishedAt: number | undefined;
  exitCode: number | undefined;
  outOfMemory = false;
  restartCount = 0;
  readonly log: LogLine[] = [];
  readonly #program: Program;
  readonly #restart: RestartPolicy;
  #restartAt = 0;
  #restartDelay = FIRST_RESTART_DELAY_MS;
  #runs = 0;
  #stoppedByHand = false;

  constructor(program: Program, restart: RestartPolicy) {
    this.#program = program;
    this.#restart = restart;
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  start(now: number): void {
    this.restartCount = 0;
    this.#restartDelay = FIRST_RESTART_DELAY_MS;
    this.#stoppedByHand = false;
    this.#run(now);
  }

  /** Ends it as `stop` does. @returns how long that takes */
  stop(now: number, graceMs: number): number {
    this.#stoppedByHand = true;
    if (this.state === 'restarting') this.state = 'exited';
    if (!this.isRunning) return 0;
    const drainMs = this.#program.drainMs ?? 0;
    const inTime = drainMs <= graceMs;
    this.#end(now + Math.min(drainMs, graceMs), inTime ? 0 : 137);
    return Math.min(drainMs, graceMs);
  }

  /** The process is killed from outside: by an engine that goes down, or by the kernel. */
  kill(now: number): void {
    if (this.isRunning) this.#end(now, 137);
    else if (this.state === 'restarting') this.state = 'exited';
  }

  /** The process ends by itself; the restart policy is followed. */
  crash(now: number, exitCode: number): void {
    if (!this.isRunning) return;
    this.#end(now, exitCode);
    if (this.#isRestarted()) this.#planRestart(now);
  }

  /** What an engine does with it that comes up again. */
  resume(now: number): boolean {
    if (this.isRunning || this.startedAt === undefined) return false;
    const wanted =
      this.#restart === 'always' || (this.#restart === 'unless-stopped' && !this.#stoppedByHand);
    if (wanted) this.#run(now);
    return wanted;
  }

  /** Lets time pass up to `now`. */
  *advance(now: number): Generator<Happening> {
    for (;;) {
      if (this.isRunning) {
        const endsAt = this.#endsAt();
        if (endsAt > now) return;
        this.#end(endsAt, this.#program.ends?.exitCode ?? 0);
        this.outOfMemory = this.#program.ends?.outOfMemory ?? false;
        yield { kind: 'ended', at: endsAt };
        if (this.#isRestarted()) this.#planRestart(endsAt);
      } else if (this.state === 'restarting' && this.#restartAt <= now) {
        this.restartCount += 1;
        this.#run(this.#restartAt);
        yield { kind: 'started', at: this.#restartAt };
      } else return;
    }
  }

  health(now: number, isChecked: boolean): Health {
    if (!isChecked) return 'none';
    if (!this.isRunning) return this.startedAt === undefined ? 'starting' : 'unhealthy';
    return this.#latest(this.#program.health, now) ?? 'starting';
  }

  /** What its HTTP server answers. */
  httpStatus(now: number): number | undefined {
    return this.isRunning ? this.#latest(this.#program.http, now) : undefined;
  }

  #run(at: number): void {
    this.state = 'running';
    this.startedAt = at;
    this.exitCode = undefined;
    this.outOfMemory = false;
    this.#runs += 1;
    for (const line of this.#program.log ?? []) this.log.push({ ...line, at });
  }

  #end(at: number, exitCode: number): void {
    this.state = 'exited';
    this.finishedAt = at;
    this.exitCode = exitCode;
  }

  #endsAt(): number {
    const { ends } = this.#program;
    if (ends === undefined || this.#runs > (ends.runs ?? Number.POSITIVE_INFINITY)) {
      return Number.POSITIVE_INFINITY;
    }
    return (this.startedAt ?? 0) + ends.afterMs;
  }

  #isRestarted(): boolean {
    if (typeof this.#restart === 'string') return this.#restart !== 'no';
    return this.exitCode !== 0 && this.restartCount < this.#restart.onFailure.maximumRetries;
  }

  #planRestart(endedAt: number): void {
    const ran = endedAt - (this.startedAt ?? endedAt);
    if (ran >= STABLE_MS) this.#restartDelay = FIRST_RESTART_DELAY_MS;
    this.state = 'restarting';
    this.#restartAt = endedAt + this.#restartDelay;
    this.#restartDelay = Math.min(this.#restartDelay * 2, LONGEST_RESTART_DELAY_MS);
  }

  #latest<T>(steps: readonly (readonly [number, T])[] | undefined, now: number): T | undefined {
    const age = now - (this.startedAt ?? now);
    return steps?.findLast(([afterMs]) => afterMs <= age)?.[1];
  }
}
