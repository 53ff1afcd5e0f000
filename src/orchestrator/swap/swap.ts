import { errorMessage } from '../../errors.ts';
import type { CommandOptions } from '../commands.ts';
import { applyStep } from './apply-step.ts';
import { nextStep, type RunMemory, type SwapStep, type Wish } from './next-step.ts';
import { observe, type Places } from './places.ts';
import type { SwapTask, SwapWorld } from './task.ts';

export interface SwapOutcome {
  /** Where the containers were seen last. */
  readonly places: Places;
  /** The steps taken, in order. */
  readonly steps: readonly SwapStep['step'][];
  /** Why the wish is not fulfilled: an error, or the reason of an abort. */
  readonly failure?: SwapFailure;
  /** What did not work and does not matter to the outcome: the next run sees to it. */
  readonly warnings: readonly string[];
}

export interface SwapFailure {
  readonly error: unknown;
  /** The step it failed in; `undefined` while looking. */
  readonly at: SwapStep['step'] | undefined;
}

/** What a run has seen and done so far. */
interface Run {
  places: Places;
  memory: RunMemory;
  at: SwapStep['step'] | undefined;
  readonly steps: SwapStep['step'][];
}

/** More steps than any swap has: a sign that somebody else undoes them. */
const MOST_STEPS = 40;

/** What goes through though the caller has lost interest: a name is not left in the air. */
const UNINTERRUPTIBLE: ReadonlySet<SwapStep['step']> = new Set(['promote', 'take-back', 'discard']);

/**
 * Brings the containers of one app to where the wish wants them. Before the commit point every
 * failure leads back to what served before; after it the new version stays, come what may.
 *
 * Resolves always: an abort is a failure, too.
 */
export async function swap(
  world: SwapWorld,
  task: SwapTask,
  wish: Wish,
  options: CommandOptions = {},
): Promise<SwapOutcome> {
  const run: Run = { places: {}, memory: {}, at: undefined, steps: [] };
  const { steps } = run;
  try {
    await drive(world, task, wish, run, options);
    return { places: run.places, steps, warnings: [] };
  } catch (error) {
    const { at, places } = run;
    if (at === 'retire' && isFulfilled(places, wish)) {
      const warning = `the version of ${task.subject.name} that served before could not be removed yet; reconciling tries again: ${errorMessage(error)}`;
      return { places, steps, warnings: [warning] };
    }
    const warnings = steps.includes('promote') ? [] : await restore(world, task, run, options);
    return { places: run.places, steps, failure: { error, at }, warnings };
  }
}

/** Observes, takes the next step, and so on until there is none. */
async function drive(
  world: SwapWorld,
  task: SwapTask,
  wish: Wish,
  run: Run,
  options: CommandOptions,
): Promise<void> {
  for (let count = 0; count < MOST_STEPS; count += 1) {
    run.at = undefined;
    run.places = await observe(world.engine, task.subject);
    const step = nextStep(run.places, wish, run.memory);
    if (step === undefined) return;
    const stepOptions = UNINTERRUPTIBLE.has(step.step) ? unstoppable(options) : options;
    stepOptions.signal?.throwIfAborted();
    run.at = step.step;
    const { places, memory } = run;
    run.memory = await applyStep(world, task, step, { places, memory, options: stepOptions });
    run.steps.push(step.step);
  }
  throw new Error(
    `the containers of ${task.subject.name} do not come to rest: somebody else changes them`,
  );
}

/** Back to what served before, whoever still listens. @returns what is left to say */
async function restore(
  world: SwapWorld,
  task: SwapTask,
  run: Run,
  options: CommandOptions,
): Promise<readonly string[]> {
  try {
    await drive(world, task, { kind: 'restore' }, run, unstoppable(options));
    return [];
  } catch (error) {
    return [
      `what served before could not be restored yet; reconciling tries again: ${errorMessage(error)}`,
    ];
  }
}

function isFulfilled({ current }: Places, wish: Wish): boolean {
  if (current === undefined) return false;
  return wish.kind !== 'run' || wish.isFulfilledBy(current);
}

function unstoppable({ onProgress }: CommandOptions): CommandOptions {
  return onProgress === undefined ? {} : { onProgress };
}
