import type { Container, ContainerId } from '../engine/container.ts';
import type { Places } from './places.ts';

/** What is wanted of the containers of one app. */
export type Wish =
  /** This version serves. */
  | {
      readonly kind: 'run';
      /** Two versions at once, or the old one stopped before the new one starts. */
      readonly strategy: 'blue-green' | 'stop-first';
      /** Whether the serving container fulfils the wish. */
      readonly isFulfilledBy: (current: Container) => boolean;
      /** Whether a candidate found there is the one that would be created now. */
      readonly isCandidate: (green: Container) => boolean;
    }
  /** One version serves, whichever: a swap that was cut short is finished or undone. */
  | { readonly kind: 'repair' }
  /** The version that served before serves: a candidate is given up. */
  | { readonly kind: 'restore' };

/** One thing to do. Each can be cut short at any instant, and observing again tells what is next. */
export type SwapStep =
  | { readonly step: 'create' }
  | { readonly step: 'start'; readonly green: Container }
  | { readonly step: 'gate'; readonly green: Container }
  /** The name becomes free; what bore it serves on under `.old`. */
  | { readonly step: 'step-aside'; readonly current: Container }
  | { readonly step: 'stop-old'; readonly old: Container }
  /** The candidate takes the name: the commit point. Nothing is ever rolled back after it. */
  | { readonly step: 'promote'; readonly green: Container }
  | { readonly step: 'take-back'; readonly old: Container }
  /** After the commit point: what served before ends, with all the time it needs. */
  | { readonly step: 'retire'; readonly old: Container }
  | { readonly step: 'discard'; readonly green: Container }
  /** What serves does not run, and nobody swaps it: it is started. */
  | { readonly step: 'revive'; readonly current: Container };

/** What this run knows besides what can be observed. */
export interface RunMemory {
  /** The candidate it created: judged by the gate, even if it has ended already. */
  readonly created?: ContainerId;
  /** The candidate that passed its gate. */
  readonly passed?: ContainerId;
  /** What it started again: once is enough. */
  readonly revived?: ContainerId;
}

/**
 * The next step from where the containers stand to where they should, or `undefined` at rest. A
 * swap is nothing but this question, asked again after every step; so a re-run after a crash is
 * the same swap.
 */
export function nextStep(places: Places, wish: Wish, memory: RunMemory): SwapStep | undefined {
  const { current, green, old } = places;
  if (current === undefined) return withoutCurrent(places, wish, memory);
  if (old !== undefined) return { step: 'retire', old };
  const fulfilled = wish.kind !== 'run' || wish.isFulfilledBy(current);
  if (green === undefined) {
    if (!fulfilled) return { step: 'create' };
    const isDown = wish.kind !== 'restore' && !isUp(current) && current.id !== memory.revived;
    return isDown ? { step: 'revive', current } : undefined;
  }
  if (fulfilled || !isHopeful(green, wish, memory)) return { step: 'discard', green };
  if (wish.strategy === 'stop-first') return { step: 'step-aside', current };
  return startOrGate(green, memory) ?? { step: 'step-aside', current };
}

/** Nothing bears the name: a first install, or a swap cut short between its two renames. */
function withoutCurrent(
  { green, old }: Places,
  wish: Wish,
  memory: RunMemory,
): SwapStep | undefined {
  if (green === undefined) {
    if (old !== undefined) return { step: 'take-back', old };
    return wish.kind === 'run' ? { step: 'create' } : undefined;
  }
  if (!isHopeful(green, wish, memory)) return { step: 'discard', green };
  if (wish.kind === 'run' && wish.strategy === 'stop-first' && old !== undefined && isUp(old)) {
    return { step: 'stop-old', old };
  }
  return startOrGate(green, memory) ?? { step: 'promote', green };
}

/** Whether a container runs, or will again by itself. */
export function isUp({ state }: Container): boolean {
  return state === 'running' || state === 'restarting' || state === 'paused';
}

/** Whether a candidate may still take the name. */
function isHopeful(green: Container, wish: Wish, memory: RunMemory): boolean {
  switch (wish.kind) {
    case 'restore':
      return false;
    case 'repair':
      return isUnbroken(green);
    case 'run':
      break;
  }
  if (!wish.isCandidate(green)) return false;
  return green.id === memory.created || green.state === 'created' || isUnbroken(green);
}

function startOrGate(green: Container, memory: RunMemory): SwapStep | undefined {
  if (green.state === 'created') return { step: 'start', green };
  const passed = green.id === memory.passed && isUnbroken(green);
  return passed ? undefined : { step: 'gate', green };
}

/** One that ended once is not given a second chance: a fresh one is. */
function isUnbroken({ state, restartCount }: Container): boolean {
  return state === 'running' && restartCount === 0;
}
