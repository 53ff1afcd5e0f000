/** What every operation that waits accepts. */
export interface Options {
  /** Abandons the operation; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}
