import type { Failure } from '../commands.ts';
import type { ContainerId } from '../engine/container.ts';
import type { Role } from './role.ts';

/**
 * What the role loop and the command `selfUpdate` tell each other within one process. Nothing
 * depends on it but courtesy: a process that starts anew knows none of it and converges all the same.
 */
export class SelfUpdateBoard {
  /** The role of this process, once known. */
  role: Role | undefined;
  /** The name of the candidate that the command is looking after: the loop leaves it alone. */
  inHand: string | undefined;
  /** The candidate that has passed its gate. */
  passed: ContainerId | undefined;
  readonly #failures = new Map<string, Failure>();

  /** Notes why the update of a command came to nothing. */
  fail(commandId: string, failure: Failure): void {
    this.#failures.set(commandId, failure);
  }

  failureOf(commandId: string): Failure | undefined {
    return this.#failures.get(commandId);
  }
}
