import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { World } from '../world.ts';

/**
 * Where the heartbeat is. Of the container alone, not in the data folder: that one is shared with
 * the version which takes over in a self-update, and the gate must not hear the old one's heart.
 * Known without the configuration, so that a slip in it makes no running orchestrator unhealthy.
 */
export function heartbeatFile({ env }: Pick<World, 'env'>): string {
  return env['SDR_ORCHESTRATOR_HEARTBEAT'] || join(tmpdir(), 'sdr-orchestrator-heartbeat.json');
}
