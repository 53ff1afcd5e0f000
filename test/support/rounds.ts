import { setImmediate } from 'node:timers/promises';
import type { TestRegistry } from './registry/server.ts';

/** So long nothing more has to come before a round is over: turns of the event loop, and milliseconds. */
const QUIET_TURNS = 100;
const QUIET_MS = 25;

/**
 * Counts how often one after the other a client has to wait for its registries, whatever the machine
 * is busy with: requests are held until no more come, then all are answered at once. At a latency that
 * outweighs all else this is what a piece of work takes.
 */
export class Rounds {
  /** What was asked in each round: `source GET /v2/app/manifests/1.0`. */
  readonly rounds: (readonly string[])[] = [];
  #held: { readonly request: string; readonly release: () => void }[] = [];

  constructor(registries: Readonly<Record<string, TestRegistry>>) {
    for (const [name, registry] of Object.entries(registries)) {
      registry.intercept(async ({ method, path }) => {
        await this.#hold(`${name} ${method} ${path}`);
        return undefined;
      });
    }
  }

  #hold(request: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.push({ request, release: resolve });
    if (this.#held.length === 1) void this.#letGoOnceQuiet();
    return promise;
  }

  async #letGoOnceQuiet(): Promise<void> {
    let seen = 0;
    let turns = 0;
    let since = performance.now();
    while (turns < QUIET_TURNS || performance.now() - since < QUIET_MS) {
      await setImmediate();
      turns += 1;
      if (this.#held.length === seen) continue;
      seen = this.#held.length;
      turns = 0;
      since = performance.now();
    }
    const round = this.#held;
    this.#held = [];
    this.rounds.push(round.map(({ request }) => request).toSorted());
    for (const { release } of round) release();
  }
}
