import type { Container, ContainerId } from '../engine/container.ts';
import { isUp } from '../swap/next-step.ts';
import type { Scene } from './role.ts';

/** What the role loop does next. */
export type Move =
  | { readonly move: 'stay' }
  /** The successor has settled, so nobody needs to watch any more. */
  | { readonly move: 'retire'; readonly old: Container }
  /** A candidate stands there: look whether it is good, then give it the name. */
  | { readonly move: 'consider'; readonly green: Container }
  /** As watcher, between the two renames: give the candidate the name if it is good. */
  | { readonly move: 'finish'; readonly green: Container }
  /** As watcher: nobody has the name, or who has it is not stable. */
  | { readonly move: 'take-back'; readonly unstable?: Container }
  /** As standby: whoever should give the name is gone. */
  | { readonly move: 'take-over' };

/** What the loop remembers of earlier looks. */
export interface Watch {
  /** Since when it has had this role; milliseconds since 1970. */
  readonly roleSince: number;
  /** As watcher: the successor as it was first seen, and since when it has been down. */
  readonly successor?: {
    readonly id: ContainerId;
    readonly restartCount: number;
    readonly downSince: number | undefined;
  };
  /** As standby: since when nobody has had the name. */
  readonly namelessSince?: number;
}

export interface MoveTimes {
  /** How long the new one must have been active before the old one goes. */
  readonly settleMs: number;
}

/** Restarts of a successor that are too many. */
const MOST_RESTARTS = 2;
/** The pause between an end and a restart is shorter. */
const DOWN_TOO_LONG_MS = 4_000;
/** A running watcher acts within a second or two; a restarted one needs some more. */
const NAMELESS_TOO_LONG_MS = 5_000;

/** Brings the memory up to date with what is seen now. */
export function watch(before: Watch | undefined, scene: Scene, now: number): Watch {
  const roleSince = before?.roleSince ?? now;
  const { role, current } = scene;
  if (role === 'standby') {
    return current === undefined
      ? { roleSince, namelessSince: before?.namelessSince ?? now }
      : { roleSince };
  }
  if (role !== 'watcher' || current === undefined) return { roleSince };
  const known = before?.successor?.id === current.id ? before.successor : undefined;
  const isDown = current.state !== 'running' || current.health === 'unhealthy';
  return {
    roleSince,
    successor: {
      id: current.id,
      restartCount: known?.restartCount ?? current.restartCount,
      downSince: isDown ? (known?.downSince ?? now) : undefined,
    },
  };
}

/** The next move, from what is seen and remembered. Pure. */
export function nextMove(scene: Scene, seen: Watch, times: MoveTimes, now: number): Move {
  switch (scene.role) {
    case 'active':
      return asActive(scene, seen, times, now);
    case 'watcher':
      return asWatcher(scene, seen, now);
    case 'standby':
      break;
  }
  const isNameless =
    seen.namelessSince !== undefined && now - seen.namelessSince >= NAMELESS_TOO_LONG_MS;
  const isAlone = scene.old === undefined || !isUp(scene.old);
  return isNameless && isAlone ? { move: 'take-over' } : { move: 'stay' };
}

function asActive({ self, green, old }: Scene, seen: Watch, times: MoveTimes, now: number): Move {
  if (old !== undefined) {
    const since = Math.max(seen.roleSince, self.startedAt ?? now);
    return now - since >= times.settleMs ? { move: 'retire', old } : { move: 'stay' };
  }
  return green === undefined ? { move: 'stay' } : { move: 'consider', green };
}

function asWatcher({ current, green }: Scene, seen: Watch, now: number): Move {
  if (current === undefined) {
    return green === undefined ? { move: 'take-back' } : { move: 'finish', green };
  }
  const { successor } = seen;
  if (successor === undefined) return { move: 'stay' };
  const restarted = current.restartCount - successor.restartCount >= MOST_RESTARTS;
  const { downSince } = successor;
  const isDown = downSince !== undefined && now - downSince >= DOWN_TOO_LONG_MS;
  return restarted || isDown ? { move: 'take-back', unstable: current } : { move: 'stay' };
}
