import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { main } from '../../../src/cli/orchestrator-program.ts';
import type { AppResult, AppStatus, StatusResult } from '../../../src/orchestrator/commands.ts';
import { commandLine } from '../../support/command-line.ts';
import { buildImage, type TestImage } from '../../support/images.ts';
import { openRegistryGate, type RegistryGate } from '../../support/outages/registry-gate.ts';
import { startDockerRegistry } from '../../support/servers/distribution.ts';
import { runnableImage } from '../../support/servers/engine-images.ts';
import type { EngineServer, EngineServerOptions } from '../../support/servers/engine-server.ts';
import { pushTo } from '../../support/servers/push.ts';
import { S3Bucket, startMinio, type MortalS3Server } from '../../support/servers/s3-servers.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';

const ROBOT = { user: 'robot', password: 'marked-registry-password-40aa' };
const MEGABYTE = 1024 * 1024;
/** Room for the small versions, not for the large one. */
const DISK_BYTES = 40 * MEGABYTE;
const LARGE_BYTES = 48 * MEGABYTE;

/** Everything an install takes, real, and where it can be made to fail. */
export interface AppScene {
  readonly store: MortalS3Server;
  readonly registry: RegistryGate;
  /** Runs a command for the app `teradata`, and gives its result and exit code. */
  readonly run: (
    command: 'install' | 'upgrade' | 'rollback',
    version?: string,
  ) => Promise<{ readonly exitCode: number; readonly result: AppResult; readonly said: string }>;
  readonly status: () => Promise<AppStatus>;
}

/** An engine with little room, a registry behind a gate, the map in MinIO, and the real command line. */
export async function startAppScene(
  t: TestContext,
  startEngine: (options: EngineServerOptions) => Promise<EngineServer>,
): Promise<AppScene> {
  const [registryServer, store, engine, data] = await Promise.all([
    startDockerRegistry({ htpasswd: ROBOT }),
    startMinio(),
    startEngine({ diskBytes: DISK_BYTES }),
    temporaryFolder('outage'),
  ]);
  // What apps are given is below this folder, and theirs to read.
  const folder = data.path;
  t.after(async () => {
    await engine.stop();
    await Promise.all([registryServer.stop(), store.stop(), data.remove()]);
  });
  const registry = await openRegistryGate(t, registryServer.url);
  for (const [version, image] of await versions()) {
    await pushTo(
      { server: registryServer, repository: 'sdr/teradata', user: ROBOT },
      image,
      version,
    );
  }
  const bucket = await S3Bucket.create(store, 'sdr');
  await bucket.put('image-map.yaml', mapTo(registry.host));
  await writeFile(join(folder, 'releases.json'), '{"releases":[]}');
  await writeFile(join(folder, 'config.yaml'), configuration(folder, engine, store, registry));
  const program = commandLine(main, {
    cwd: folder,
    env: { REGISTRY_PASSWORD: ROBOT.password, SDR_ORCHESTRATOR_HEARTBEAT: join(folder, 'beat') },
  });
  return {
    store,
    registry,
    run: async (command, version) => {
      const image =
        version === undefined ? [] : ['--image', `atlanhq/atlan-teradata-app:${version}`];
      const ended = await program.run(command, 'teradata', ...image, '--output', 'json');
      const said = ended.stdout + ended.stderr;
      if (said.includes(ROBOT.password)) throw new Error(`the password was shown: ${said}`);
      return { exitCode: ended.exitCode, result: JSON.parse(ended.stdout) as AppResult, said };
    },
    status: async () => {
      const { stdout } = await program.run('status', 'teradata', '--output', 'json');
      const [app] = (JSON.parse(stdout) as StatusResult).apps;
      if (app === undefined) throw new Error(`there is no app: ${stdout}`);
      return app;
    },
  };
}

async function versions(): Promise<ReadonlyMap<string, TestImage>> {
  const small = await Promise.all(
    ['1', '2', '3', '4', '5', '6', '7'].map(async (version) => {
      const image = await runnableImage({ script: serves(version) });
      return [version, image] as const;
    }),
  );
  return new Map([...small, ['large', buildImage({ seed: 'large', layers: [LARGE_BYTES] })]]);
}

function serves(version: string): string {
  return (
    `mkdir -p /tmp/www; echo ${version} > /tmp/www/version; ` +
    'httpd -f -p 8000 -h /tmp/www & H=$!; trap "kill $H; exit 0" TERM; while true; do sleep 0.1; done'
  );
}

function mapTo(host: string): string {
  return `images:\n  "atlanhq/atlan-teradata-app": "${host}/sdr/teradata"\n`;
}

function configuration(
  folder: string,
  engine: EngineServer,
  store: MortalS3Server,
  registry: RegistryGate,
): string {
  return `atlan: { deployment_name: prod, domain: acme.atlan.com, client_id: one, client_secret: two }
components:
  objectstore:
    type: bindings.aws.s3
    metadata:
      - { name: bucket, value: sdr }
      - { name: region, value: us-east-1 }
      - { name: endpoint, value: "${store.url}" }
      - { name: accessKey, value: ${store.accessKeyId} }
      - { name: secretKey, value: ${store.secretAccessKey} }
      - { name: forcePathStyle, value: "true" }
container_registry:
  image_map_path: image-map.yaml
  host: "${registry.host}"
  username: ${ROBOT.user}
  password: \${REGISTRY_PASSWORD}
orchestrator:
  socket: ${engine.socketPath}
  data_folder: ${folder}/data
  releases: { file: releases.json }
  registries: { "${registry.host}": { plainHttp: true } }
  verify: { mode: "off" }
  apps: { "*": { stop_grace: 5s, health: { path: /version, settle: 1s } } }
  temporal: { auth: none }
`;
}
