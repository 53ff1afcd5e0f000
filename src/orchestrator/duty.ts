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
