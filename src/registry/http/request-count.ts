import { AsyncLocalStorage } from 'node:async_hooks';

/** How many requests some work has sent so far; grows while it goes on. */
export interface RequestCount {
  readonly requests: number;
}

const counting = new AsyncLocalStorage<{ requests: number }>();

/**
 * Runs some work and counts the requests to registries that are sent on its behalf: redirects, tokens
 * and repetitions included. What it waits for while somebody else does it counts there.
 *
 * Carried by the flow of control rather than by a parameter: who sends a request is many calls away from
 * who wants to know, and everything between shares connections and answers with others.
 */
export async function countRequests<T>(work: (count: RequestCount) => Promise<T>): Promise<T> {
  const count = { requests: 0 };
  return await counting.run(count, async () => work(count));
}

/** One more request goes out. */
export function noteRequest(): void {
  const count = counting.getStore();
  if (count !== undefined) count.requests += 1;
}
