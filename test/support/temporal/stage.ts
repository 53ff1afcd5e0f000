import type { Client } from '@temporalio/client';
import type { Endings } from '../servers/endings.ts';
import { startTemporal, temporalClient, type TemporalServer } from '../servers/temporal.ts';
import { bundleWorkflows } from './bundle.ts';

/** What the tests of a suite share: a real server, and the bundle that workers run. */
export interface TemporalStage {
  readonly server: TemporalServer;
  readonly client: Client;
  /** The path of the bundle. */
  readonly bundle: string;
}

/** Starts it; what is to be ended is in `endings` as soon as it is there. */
export async function startStage(endings: Endings): Promise<TemporalStage> {
  const bundle = await bundleWorkflows();
  endings.add(bundle.remove);
  const server = await startTemporal();
  endings.add(server.stop);
  const { client, close } = await temporalClient(server.address);
  endings.add(close);
  return { server, client, bundle: bundle.path };
}
