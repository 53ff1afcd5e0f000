import * as v from 'valibot';
import type { Version } from '../commands.ts';
import { version } from '../temporal/contract/results.ts';

/** What the control plane is told once a change is past its commit point: a fact, not a question. */
export interface DeploymentEvent {
  /** The same for every repetition; also the `Idempotency-Key` of the request. */
  readonly id: string;
  readonly type: 'deployment.changed';
  /** When it was noted; RFC 3339. */
  readonly at: string;
  readonly deployment: string;
  /** The app; absent for the orchestrator itself. */
  readonly app?: string;
  /** The command that made it so. */
  readonly commandId: string;
  /** What serves now; absent where the app was uninstalled. */
  readonly serving?: Version;
  /** What a rollback would return to; after an uninstall, what was removed. */
  readonly previous?: Version;
}

export const deploymentEvent: v.GenericSchema<unknown, DeploymentEvent> = v.object({
  id: v.pipe(
    v.string(),
    v.description('The same for every repetition; also the Idempotency-Key of the request.'),
  ),
  type: v.literal('deployment.changed'),
  at: v.pipe(v.string(), v.isoTimestamp()),
  deployment: v.string(),
  app: v.exactOptional(v.pipe(v.string(), v.description('Absent for the orchestrator itself.'))),
  commandId: v.pipe(v.string(), v.description('The command that made it so.')),
  serving: v.exactOptional(
    v.pipe(version, v.description('What serves now; absent where the app was uninstalled.')),
  ),
  previous: v.exactOptional(version),
});
