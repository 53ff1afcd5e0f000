import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { main } from '../../../src/cli/orchestrator-program.ts';
import { createSocketEngine } from '../../../src/orchestrator/engine/socket-engine.ts';
import type { ContainerEngine } from '../../../src/orchestrator/engine/container-engine.ts';
import type { Heartbeat } from '../../../src/orchestrator/temporal/heartbeat.ts';
import { commandLine, type CommandLine } from '../../support/command-line.ts';
import {
  startDockerRegistry,
  type DistributionServer,
} from '../../support/servers/distribution.ts';
import { allStarted, Endings } from '../../support/servers/endings.ts';
import { startDocker } from '../../support/servers/docker.ts';
import { publishRunnable } from '../../support/servers/engine-images.ts';
import type { EngineServer } from '../../support/servers/engine-server.ts';
import {
  startProcess,
  temporaryFolder,
  waitFor,
  type ServerProcess,
} from '../../support/servers/server-process.ts';

const PROGRAM = join(import.meta.dirname, '../../../src/cli/orchestrator.ts');
export const CLIENT_SECRET = 'marked-client-secret-55e1';
/** What every map here says; `HOST` is the registry. */
export const MAP_KEY = 'image-map.yaml';

/** What several orchestrators, each of its own deployment, can share. */
export interface Machine {
  readonly server: EngineServer;
  readonly engine: ContainerEngine;
  readonly registry: DistributionServer;
  /** The text of the image map. */
  readonly map: string;
}

/** A Docker Engine, and a registry with three versions of an app. */
export async function startMachine(): Promise<Machine & { readonly stop: () => Promise<void> }> {
  const [registry, server] = await allStarted(startDockerRegistry(), startDocker());
  const endings = new Endings();
  endings.add(registry.stop);
  endings.add(server.stop);
  for (const version of ['1', '2', '3']) {
    const script =
      `mkdir -p /tmp/www; echo ${version} > /tmp/www/version; ` +
      'httpd -f -p 8000 -h /tmp/www & H=$!; trap "kill $H; exit 0" TERM; while true; do sleep 0.1; done';
    await publishRunnable(registry, 'sdr/teradata', { script }, version);
  }
  return {
    server,
    registry,
    engine: createSocketEngine({ socketPath: server.socketPath }),
    map: `images:\n  "atlanhq/atlan-teradata-app": "${registry.host}/sdr/teradata"\n`,
    stop: async () => endings.run(),
  };
}

export interface OrchestratorOptions {
  readonly deployment: string;
  /** `host:port` of the tenant, where tokens are given out. */
  readonly domain: string;
  /** The settings of `orchestrator.temporal`. */
  readonly temporal: string;
  /** The body of the component `objectstore`; the folder of the configuration where absent. */
  readonly objectStore?: string;
  readonly callbackUrl?: string;
}

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
  options: OrchestratorOptions,
): Promise<OrchestratorProcess> {
  const { path: folder, remove } = await temporaryFolder(options.deployment);
  const env = { SDR_ORCHESTRATOR_HEARTBEAT: join(folder, 'beat.json') };
  await writeFile(join(folder, MAP_KEY), machine.map);
  await writeFile(join(folder, 'releases.json'), '{"releases":[]}');
  await writeFile(join(folder, '.env'), `ATLAN_AUTH_CLIENT_SECRET=${CLIENT_SECRET}\n`);
  await writeFile(join(folder, 'config.yaml'), configuration(folder, machine, options));
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
        `Temporal is ${state} by the heartbeat of ${options.deployment}`,
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

function configuration(
  folder: string,
  { server, registry }: Machine,
  { deployment, domain, temporal, objectStore, callbackUrl }: OrchestratorOptions,
): string {
  const local = `{ type: bindings.localstorage, metadata: [{ name: rootPath, value: ${folder} }] }`;
  return `atlan: { deployment_name: ${deployment}, domain: "${domain}", client_id: the-client }
components:
  objectstore: ${objectStore ?? local}
container_registry: { image_map_path: ${MAP_KEY} }
orchestrator:
  socket: ${server.socketPath}
  data_folder: ${folder}/data
  releases: { file: releases.json }
  registries: { "${registry.host}": { plainHttp: true } }
  verify: { mode: "off" }
  apps: { "*": { stop_grace: 5s, health: { path: /version, settle: 1s } } }
  temporal: ${temporal}
  control_plane: { ${callbackUrl === undefined ? '' : `callback_url: "${callbackUrl}"`} }
`;
}
