import type { DeploymentEvent } from '../../../src/orchestrator/callback/deployment-event.ts';
import { fakeVersion } from '../../fakes/fake-commands.ts';

/** An event as a change of `teradata` leaves it. */
export function deploymentEvent(own: Partial<DeploymentEvent> = {}): DeploymentEvent {
  return {
    id: 'prod/teradata/wish-1',
    type: 'deployment.changed',
    at: '2026-01-01T00:00:00.000Z',
    deployment: 'prod',
    app: 'teradata',
    commandId: 'wish-1',
    serving: fakeVersion({ app: 'teradata' }),
    ...own,
  };
}
