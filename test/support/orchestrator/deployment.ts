import type { ContainerEngine } from '../../../src/orchestrator/engine/container-engine.ts';
import { createSocketEngine } from '../../../src/orchestrator/engine/socket-engine.ts';
import { startDockerRegistry, type DistributionServer } from '../servers/distribution.ts';
import { allStarted, Endings } from '../servers/endings.ts';
import { publishRunnable } from '../servers/engine-images.ts';
import type { EngineServer } from '../servers/engine-server.ts';

/** Where the map lies in the folder of a configuration. */
export const MAP_KEY = 'image-map.yaml';

/** What several orchestrators, each of its own deployment, can share. */
export interface Machine {
  readonly server: EngineServer;
  readonly engine: ContainerEngine;
  readonly registry: DistributionServer;
  /** The text of the image map. */
  readonly map: string;
}

export interface StartedMachine extends Machine {
  readonly stop: () => Promise<void>;
}

/** A container engine, and a registry with three versions of an app. */
export async function startMachine(
  startEngine: () => Promise<EngineServer>,
): Promise<StartedMachine> {
  const [registry, server] = await allStarted(startDockerRegistry(), startEngine());
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

/** A deployment on a machine. */
export interface Deployment {
  readonly name: string;
  /** `host:port` of the tenant, where tokens are given out. */
  readonly domain: string;
  /** The settings of `orchestrator.temporal`. */
  readonly temporal: string;
  /** Of the client at the tenant; from the environment where absent. */
  readonly clientSecret?: string;
  /** The body of the component `objectstore`; the folder of the configuration where absent. */
  readonly objectStore?: string;
  readonly callbackUrl?: string;
  readonly autoUpdate?: boolean;
}

/** The `config.yaml` of a deployment in a folder. */
export function configuration(
  folder: string,
  { server, registry }: Machine,
  deployment: Deployment,
): string {
  const { name, domain, temporal, clientSecret, objectStore, callbackUrl, autoUpdate } = deployment;
  const local = `{ type: bindings.localstorage, metadata: [{ name: rootPath, value: ${folder} }] }`;
  const secret = clientSecret === undefined ? '' : `, client_secret: ${clientSecret}`;
  return `atlan: { deployment_name: ${name}, domain: "${domain}", client_id: the-client${secret} }
components:
  objectstore: ${objectStore ?? local}
container_registry: { image_map_path: ${MAP_KEY} }
orchestrator:
  socket: ${server.socketPath}
  data_folder: ${folder}/data
  releases: { file: releases.json }
  registries: { "${registry.host}": { plainHttp: true } }
  verify: { mode: "off" }
  apps: { "*": { ${autoUpdate === true ? 'auto_update: true, ' : ''}stop_grace: 5s, health: { path: /version, settle: 1s } } }
  temporal: ${temporal}
  control_plane: { ${callbackUrl === undefined ? '' : `callback_url: "${callbackUrl}"`} }
`;
}
