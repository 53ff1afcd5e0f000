import type { Lab } from './lab.ts';
import { runSchedule, type Outcome } from './run-schedule.ts';

/** What a worker is sent: the lab first, then seeds. */
export type WorkerQuestion = { readonly lab: Lab } | { readonly seed: number };

/** What a worker says of a seed. */
export interface WorkerAnswer {
  readonly seed: number;
  readonly outcome?: Outcome;
  /** Why the schedule itself failed, which says nothing of the product. */
  readonly error?: string;
}

// Runs the seeds that it is sent, many at a time, in a process of its own.
let lab: Lab | undefined;

process.on('message', (question: WorkerQuestion) => {
  if ('lab' in question) {
    ({ lab } = question);
    return;
  }
  const { seed } = question;
  if (lab === undefined) throw new Error('a seed came before the lab');
  runSchedule(lab, seed).then(
    (outcome) => answer({ seed, outcome }),
    (error: unknown) =>
      answer({
        seed,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  );
});

function answer(said: WorkerAnswer): void {
  process.send?.(said);
}
