/**
 * What only the active orchestrator does: polling the queue, reconciling. The role loop calls
 * `start` when its container bears the canonical name, and `stop` before it gives the name away,
 * so no two orchestrators ever poll at once.
 */
export interface Duty {
  /** Begins; resolves once it polls. May follow a `stop`, when the name was taken back. */
  start(): Promise<void>;
  /** Takes nothing new and resolves once nothing is in flight. A second call changes nothing. */
  stop(): Promise<void>;
}

/** Several duties as one: begun in their order, and ended all at once. */
export function combineDuties(duties: readonly Duty[]): Duty {
  return {
    async start(): Promise<void> {
      for (const duty of duties) await duty.start();
    },
    async stop(): Promise<void> {
      await Promise.all(duties.map(async (duty) => duty.stop()));
    },
  };
}
