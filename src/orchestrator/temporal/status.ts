/** How the orchestrator stands with Temporal, for the heartbeat file and for people. */
export interface TemporalStatus {
  /**
   * `off`: not on duty. `connecting`: no worker yet. `polling`: commands arrive. `unreachable`: no
   * answer, and it keeps trying. `refused`: credentials are not accepted, and it keeps trying.
   */
  readonly state: 'off' | 'connecting' | 'polling' | 'unreachable' | 'refused';
  /** When it came into this state; RFC 3339. */
  readonly since: string;
  /** When the server last answered; RFC 3339. */
  readonly lastContact?: string;
  /** Why it is `unreachable` or `refused`, and what to do; no secrets. */
  readonly reason?: string;
}
