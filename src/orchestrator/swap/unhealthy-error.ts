import { EngineError } from '../../errors.ts';

/** The gate's verdict: a new version may not serve. */
export class UnhealthyError extends EngineError {
  /** The last lines it wrote, oldest first, secrets taken out. */
  readonly logs: readonly string[];

  constructor(message: string, logs: readonly string[]) {
    super('CONTAINER_UNHEALTHY', message);
    this.logs = logs;
  }
}
