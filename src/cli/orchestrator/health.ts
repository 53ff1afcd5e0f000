import { ExitCode } from '../../exit-code.ts';
import { readHealth } from '../../orchestrator/temporal/heartbeat.ts';
import { printable } from '../output/format.ts';
import { reportLines } from '../output/json.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';
import type { World } from '../world.ts';
import { heartbeatFile } from './heartbeat-file.ts';

/**
 * `health`, for the container's own health check. Reads a file and nothing else: neither the
 * configuration nor the engine nor the control plane can make a living orchestrator unhealthy.
 */
export async function showHealth(terminal: Terminal, world: World): Promise<ExitCode> {
  const health = await readHealth(heartbeatFile(world), world.now());
  const { format, stdout } = terminal;
  if (format === 'json') await writeResult(stdout, reportLines(health));
  else if (health.alive) {
    const { role, temporal, at } = health.heartbeat;
    const why = temporal.reason === undefined ? '' : ` (${printable(temporal.reason)})`;
    await writeResult(stdout, `alive at ${at}, ${role}, Temporal ${temporal.state}${why}\n`);
  } else await writeResult(stdout, `not alive: ${printable(health.reason)}\n`);
  return health.alive ? ExitCode.ok : ExitCode.bug;
}
