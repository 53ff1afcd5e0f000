import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import pLimit from 'p-limit';
import type { Lab } from './lab.ts';
import type { Outcome } from './run-schedule.ts';
import type { WorkerAnswer, WorkerQuestion } from './worker.ts';

export interface RunAllOptions {
  readonly processes: number;
  /** Schedules at a time in each process: most of their time they wait. */
  readonly parallel: number;
  readonly onOutcome?: (outcome: Outcome) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs schedules, many at a time.
 *
 * @throws what the signal was aborted with
 */
export async function runAll(
  lab: Lab,
  seeds: readonly number[],
  { processes, parallel, onOutcome, signal }: RunAllOptions,
): Promise<readonly Outcome[]> {
  const workers = Array.from({ length: processes }, () => new ScheduleWorker(lab));
  const limits = workers.map(() => pLimit(parallel));
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(signal?.reason);
  signal?.addEventListener('abort', stop);
  try {
    const all = Promise.all(
      seeds.map(async (seed, index) => {
        const worker = workers[index % processes];
        const limit = limits[index % processes];
        if (worker === undefined || limit === undefined) throw new Error('nobody to run it');
        const outcome = await limit(async () => worker.run(seed));
        onOutcome?.(outcome);
        return outcome;
      }),
    );
    return await Promise.race([all, stopped.promise]);
  } finally {
    signal?.removeEventListener('abort', stop);
    await Promise.all(workers.map(async (worker) => worker.stop()));
  }
}

class ScheduleWorker {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<Outcome>>();

  constructor(lab: Lab) {
    this.#child = fork(new URL('worker.ts', import.meta.url), [], { serialization: 'advanced' });
    this.#send({ lab });
    this.#child.on('message', ({ seed, outcome, error }: WorkerAnswer) => {
      const waiting = this.#waiting.get(seed);
      if (outcome === undefined) waiting?.reject(new Error(`seed ${seed}: ${error ?? ''}`));
      else waiting?.resolve(outcome);
    });
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`the process of the schedules ended with ${code}`));
      }
    });
  }

  async run(seed: number): Promise<Outcome> {
    const waiting = Promise.withResolvers<Outcome>();
    this.#waiting.set(seed, waiting);
    this.#send({ seed });
    return waiting.promise;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#waiting.clear();
    this.#child.kill();
    await ended;
  }

  #send(question: WorkerQuestion): void {
    this.#child.send(question);
  }
}
