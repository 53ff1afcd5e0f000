import type { CommandOptions, Step } from '../commands.ts';
import { createCandidate, discardCandidate, gateCandidate } from './candidate.ts';
import { isUp, type RunMemory, type SwapStep } from './next-step.ts';
import { oldName, type Places } from './places.ts';
import type { SwapTask, SwapWorld } from './task.ts';
import { ticking } from './ticking.ts';

/** Where a run is when it takes a step. */
export interface StepContext {
  readonly places: Places;
  readonly memory: RunMemory;
  readonly options: CommandOptions;
}

/** Takes one step, and tells what the run knows then. @throws EngineError; UnhealthyError */
export async function applyStep(
  world: SwapWorld,
  task: SwapTask,
  step: SwapStep,
  { places, memory, options }: StepContext,
): Promise<RunMemory> {
  const { engine } = world;
  const say = (at: Step, message: string): void => options.onProgress?.({ step: at, message });
  switch (step.step) {
    case 'create':
      return { ...memory, created: await createCandidate(world, task, places, memory, options) };
    case 'start':
      say('start', `starting ${step.green.name}`);
      await engine.start(step.green.id, options);
      break;
    case 'gate':
      await gateCandidate(world, task, step.green, options);
      return { ...memory, passed: step.green.id };
    case 'step-aside':
      say('commit', `${step.current.name} steps aside`);
      await engine.rename(step.current.id, oldName(step.current.name), options);
      break;
    case 'stop-old':
      await ticking(engine.stop(step.old.id, task.stopGraceSeconds, options), () => {
        say('start', `waiting for ${step.old.name} to end`);
      });
      break;
    case 'promote':
      say('commit', `${step.green.name} takes the name`);
      await engine.rename(step.green.id, task.subject.name, options);
      break;
    case 'take-back':
      say('recover', `${step.old.name} takes its name back`);
      if (!isUp(step.old)) await engine.start(step.old.id, options);
      await engine.rename(step.old.id, task.subject.name, options);
      break;
    case 'retire':
      await ticking(engine.stop(step.old.id, task.stopGraceSeconds, options), () => {
        say('retire', `waiting for ${step.old.name} to end`);
      });
      await task.onRemoval?.(step.old);
      await engine.remove(step.old.id, options);
      break;
    case 'discard':
      await discardCandidate(world, task, step.green, options);
      break;
    case 'revive':
      say('start', `starting ${step.current.name} again`);
      await engine.start(step.current.id, options);
      return { ...memory, revived: step.current.id };
  }
  return memory;
}
