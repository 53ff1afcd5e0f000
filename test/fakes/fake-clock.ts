import type { Clock } from '../../src/registry/http/clock.ts';

/** A clock that waits for nothing: time passes only when somebody sleeps. */
export class FakeClock implements Clock {
  /** Every wait so far, in milliseconds. */
  readonly sleeps: number[] = [];
  #now: number;

  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Lets time pass without anybody sleeping. */
  advance(ms: number): void {
    this.#now += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleeps.push(ms);
    const until = this.#now + ms;
    await Promise.resolve();
    this.#now = Math.max(this.#now, until);
  }

  random(): number {
    return 0.5;
  }
}
