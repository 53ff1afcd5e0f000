import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { main } from '../../../src/cli/orchestrator-program.ts';
import type { Heartbeat } from '../../../src/orchestrator/temporal/heartbeat.ts';
import { commandLine, type CommandLine } from '../../support/command-line.ts';
import {
  configuration,
  MAP_KEY,
  type Deployment,
  type Machine,
} from '../../support/orchestrator/deployment.ts';
import {
  startProcess,
  temporaryFolder,
  waitFor,
  type ServerProcess,
} from '../../support/servers/server-process.ts';

const PROGRAM = join(import.meta.dirname, '../../../src/cli/orchestrator.ts');
export const CLIENT_SECRET = 'marked-client-secret-55e1';
/** `sdr-orchestrator run` in a process of its own, and its command line beside it. */
export interface OrchestratorProcess {
  readonly program: CommandLine;
  readonly log: () => Promise<string>;
  /** Waits until the heartbeat says so of Temporal. */
  readonly untilTemporal: (
    state: Heartbeat['temporal']['state'],
    timeoutMs?: number,
  ) => Promise<Heartbeat>;
}

/** Starts an orchestrator, and ends it after the test. */
export async function startOrchestrator(
  t: TestContext,
  machine: Machine,
  deployment: Deployment,
): Promise<OrchestratorProcess> {
  const { path: folder, remove } = await temporaryFolder(deployment.name);
  const env = { SDR_ORCHESTRATOR_HEARTBEAT: join(folder, 'beat.json') };
  await writeFile(join(folder, MAP_KEY), machine.map);
  await writeFile(join(folder, 'releases.json'), '{"releases":[]}');
  await writeFile(join(folder, '.env'), `ATLAN_AUTH_CLIENT_SECRET=${CLIENT_SECRET}\n`);
  await writeFile(join(folder, 'config.yaml'), configuration(folder, machine, deployment));
  const running: ServerProcess = await startProcess(
    [process.execPath, PROGRAM, 'run'],
    folder,
    (log) => (log.includes('polling Temporal') ? true : undefined),
    env,
  );
  t.after(async () => {
    await running.stop();
    await remove();
  });
  return {
    program: commandLine(main, { cwd: folder, env }),
    log: running.log,
    untilTemporal: async (state, timeoutMs) =>
      waitFor(
        `Temporal is ${state} by the heartbeat of ${deployment.name}`,
        async () => {
          const beat = JSON.parse(
            await readFile(env.SDR_ORCHESTRATOR_HEARTBEAT, 'utf8'),
          ) as Heartbeat;
          return beat.temporal.state === state ? beat : undefined;
        },
        timeoutMs,
      ),
  };
}
