import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { execa } from 'execa';
import { ACCEPT_MANIFESTS } from '../../../src/registry/manifest.ts';
import { builtImages, DockerCommand } from '../../support/servers/built-images.ts';
import { makeCosignKeys, signBundle, type CosignKeys } from '../../support/servers/cosign.ts';
import {
  startDockerRegistry,
  type DistributionServer,
} from '../../support/servers/distribution.ts';
import type { EngineServer, EngineServerOptions } from '../../support/servers/engine-server.ts';
import { portOf, relayTo } from '../../support/servers/network-relay.ts';
import { S3Bucket, startMinio, type S3Server } from '../../support/servers/s3-servers.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';
import { openTemporalGate } from '../../support/servers/temporal-gate.ts';
import { startTemporal, temporalClient } from '../../support/servers/temporal.ts';
import { mirrorYaml, orchestratorYaml, USER } from './configuration.ts';
import { API_TOKEN, PAIR, startTenant, type Tenant } from './tenant.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples/orchestrator');

/** The containers' network, and this machine's address in it. Of no use to anybody else, one hopes. */
const SUBNET = '10.213.77.0/24';
const GATEWAY = '10.213.77.1';

export const TENANT = 'acme.atlan.example';
export const NETWORK = 'atlan-sdr-prod';
/** The container that keeps the network open. */
export const HOLDER = 'network-holder';

/** Every part of the chain but the programs themselves, each one real. */
export class ChainWorld {
  readonly docker: DockerCommand;
  readonly client: Client;
  readonly tenant: Tenant;
  readonly target: DistributionServer;
  readonly bucket: S3Bucket;
  /** What the programs have written. */
  readonly log: string[] = [];
  /** Holds `mirror.yaml`, and what the orchestrator is given. */
  readonly folder: string;
  readonly #source: DistributionServer;
  readonly #keys: CosignKeys;

  private constructor(parts: {
    readonly docker: DockerCommand;
    readonly client: Client;
    readonly tenant: Tenant;
    readonly target: DistributionServer;
    readonly bucket: S3Bucket;
    readonly folder: string;
    readonly source: DistributionServer;
    readonly keys: CosignKeys;
  }) {
    this.docker = parts.docker;
    this.client = parts.client;
    this.tenant = parts.tenant;
    this.target = parts.target;
    this.bucket = parts.bucket;
    this.folder = parts.folder;
    this.#source = parts.source;
    this.#keys = parts.keys;
  }

  static async start(
    t: Pick<TestContext, 'after'>,
    startEngine: (options: EngineServerOptions) => Promise<EngineServer>,
  ): Promise<ChainWorld> {
    const { path: folder, remove } = await temporaryFolder('chain');
    t.after(remove);
    const engine = await startEngine({ plainHost: GATEWAY });
    t.after(engine.stop);
    const docker = new DockerCommand(engine.socketPath);
    await openNetwork(docker);

    const [source, target, minio, temporal, tenant, keys] = await Promise.all([
      startDockerRegistry(),
      startDockerRegistry({ htpasswd: USER }),
      startMinio(),
      startTemporal(),
      startTenant(folder, [TENANT]),
      makeCosignKeys(folder),
    ]);
    for (const each of [source, target, minio, temporal, tenant]) t.after(each.stop);
    const gate = await openTemporalGate(temporal.address, tenant.contents);
    gate.accept((token) => tenant.isOurs(token));
    t.after(async () => gate.stop());
    const { client, close } = await temporalClient(temporal.address);
    t.after(close);
    const ports = {
      source: portOf(source.host),
      target: portOf(target.host),
      store: portOf(minio.url),
      tenant: tenant.port,
      temporal: portOf(gate.address),
      appsTemporal: portOf(temporal.address),
    };
    for (const port of Object.values(ports)) t.after(await relayTo(GATEWAY, port));
    const bucket = await S3Bucket.create(minio, 'acme-sdr');
    await configure(folder, { ports, minio, tenant, keys });
    await prepareConnector(folder);
    return new ChainWorld({ docker, client, tenant, target, bucket, folder, source, keys });
  }

  /** Puts an image of the engine to where the vendor publishes, signed, and announces it. */
  async publish(app: string, version: string, image: string): Promise<void> {
    const repository = `atlanhq/atlan-${app}-app`;
    const there = `${this.#source.host}/${repository}:${version}`;
    await this.docker.run('tag', image, there);
    await this.docker.run('push', there);
    const manifest = `${this.#source.url}/v2/${repository}/manifests/${version}`;
    const answer = await fetch(manifest, { method: 'HEAD', headers: { accept: ACCEPT_MANIFESTS } });
    const digest = answer.headers.get('docker-content-digest');
    await this.docker.run('rmi', there);
    await signBundle(`${this.#source.host}/${repository}@${digest}`, this.#keys);
    this.tenant.announce({ app_name: app, version, image: `${repository}:${version}` });
  }

  /** `mirror run`, in its container, to a good end. */
  async mirror(): Promise<void> {
    const confined = 'run --rm --user 4711:4711 --read-only --tmpfs /tmp --cap-drop ALL'.split(' ');
    const env = ['--env', `ATLAN_API_TOKEN=${API_TOKEN}`, '--env-file', join(this.folder, '.env')];
    const place = ['--volume', `${this.folder}:/etc/sdr-mirror:ro`, '--network', NETWORK];
    const command = ['localhost/sdr-mirror:test', 'run', '--output', 'json'];
    const words = [...confined, ...env, ...place, ...this.#place(), ...command];
    const { exitCode, stdout, stderr } = await this.docker.start(words);
    this.log.push(stdout, stderr);
    assert.equal(exitCode, 0, `${stdout}\n${stderr}`);
  }

  /** Adds what a container has written so far to {@link log}. */
  async readLog(container: string): Promise<void> {
    const { stdout, stderr } = await this.docker.start(['logs', container]);
    this.log.push(stdout, stderr);
  }

  /** Starts the orchestrator as the example for `docker run` does, from the company's registry. */
  async startOrchestrator(version: string): Promise<void> {
    const image = `${this.atTarget('atlan/atlan-sdr-orchestrator-app')}:${version}`;
    await execa(join(EXAMPLES, 'docker-run.sh'), this.#place(), {
      env: {
        ...this.docker.environment,
        DOCKER_CONFIG: await this.#signIn(),
        SDR_IMAGE: image,
        SDR_CONFIG: this.folder,
        SDR_DATA: join(this.folder, 'data'),
        SDR_NETWORK: NETWORK,
        SDR_SOCKET: this.docker.socketPath,
      },
    });
  }

  /** How a repository of the company's registry is called by containers and by the engine. */
  atTarget(repository: string): string {
    return `${GATEWAY}:${portOf(this.target.host)}/${repository}`;
  }

  /** Starts a workflow as the control plane does, and waits for its result. */
  async command(workflow: string, payload: object, workflowId: string): Promise<unknown> {
    return this.client.workflow.execute(workflow, {
      taskQueue: NETWORK,
      workflowId,
      args: [payload],
    });
  }

  /** A connector app of some version, as an image of the engine. */
  async buildConnector(version: string): Promise<string> {
    return this.#build(`localhost/connector:${version}`, connectorDockerfile(version));
  }

  /** Another version of the orchestrator, as an image of the engine: the same, with a label. */
  async buildOrchestrator(version: string): Promise<string> {
    const dockerfile = `FROM localhost/sdr-orchestrator:test\nLABEL version=${version}\n`;
    return this.#build(`localhost/sdr-orchestrator:${version}`, dockerfile);
  }

  async #build(image: string, dockerfile: string): Promise<string> {
    const context = join(this.folder, 'connector');
    await writeFile(join(context, 'Dockerfile'), dockerfile);
    await this.docker.run('build', '--tag', image, context);
    return image;
  }

  /** How containers find the tenant, and trust it. */
  #place(): readonly string[] {
    const trust = 'NODE_EXTRA_CA_CERTS=/ca.pem';
    const authority = `${join(this.folder, 'ca.pem')}:/ca.pem:ro`;
    return ['--add-host', `${TENANT}:${GATEWAY}`, '--env', trust, '--volume', authority];
  }

  async #signIn(): Promise<string> {
    const folder = join(this.folder, 'docker');
    await mkdir(folder);
    const auth = Buffer.from(`${USER.user}:${USER.password}`).toString('base64');
    const auths = { [`${GATEWAY}:${portOf(this.target.host)}`]: { auth } };
    await writeFile(join(folder, 'config.json'), JSON.stringify({ auths }));
    return folder;
  }
}

/** Loads the images, and makes a network that is there even where engines wait for a container. */
async function openNetwork(docker: DockerCommand): Promise<void> {
  const { mirror, orchestrator } = await builtImages();
  for (const archive of [mirror, orchestrator]) await docker.run('load', '--input', archive);
  await docker.run('network', 'create', '--subnet', SUBNET, '--gateway', GATEWAY, NETWORK);
  const idle = ['localhost/sdr-mirror:test', '-e', 'setInterval(() => {}, 60_000)'];
  const options = ['--detach', '--network', NETWORK, '--name', HOLDER, '--entrypoint', 'node'];
  await docker.run('run', ...options, ...idle);
}

/** The folder that images of the app are built from. */
async function prepareConnector(folder: string): Promise<void> {
  const sources = join(import.meta.dirname, 'connector');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(sources, 'workflow.ts'),
    logger: new DefaultLogger('WARN'),
  });
  const context = join(folder, 'connector');
  await mkdir(context);
  await writeFile(join(context, 'workflow-bundle.js'), code);
  await copyFile(join(sources, 'connector.mjs'), join(context, 'connector.mjs'));
}

/** The version stands in the text: a build argument does not tell two builds apart on Podman 4.3. */
function connectorDockerfile(version: string): string {
  return `FROM localhost/sdr-orchestrator:test
ENV CONNECTOR_VERSION=${version}
COPY connector.mjs workflow-bundle.js /usr/local/lib/sdr-mirror/
HEALTHCHECK NONE
USER 1000:1000
ENTRYPOINT ["/usr/local/bin/node", "/usr/local/lib/sdr-mirror/connector.mjs"]
CMD []
`;
}

async function configure(
  folder: string,
  {
    ports,
    minio,
    tenant,
    keys,
  }: {
    readonly ports: Readonly<Record<string, number>>;
    readonly minio: S3Server;
    readonly tenant: Tenant;
    readonly keys: CosignKeys;
  },
): Promise<void> {
  const at = (name: string): string => `${GATEWAY}:${ports[name]}`;
  const places = {
    tenant: `${TENANT}:${ports['tenant']}`,
    source: at('source'),
    target: at('target'),
    store: at('store'),
    temporal: `${TENANT}:${ports['temporal']}`,
    appsTemporal: at('appsTemporal'),
  };
  const env = {
    SDR_DEPLOYMENT_NAME: 'prod',
    ATLAN_AUTH_CLIENT_ID: PAIR.clientId,
    ATLAN_AUTH_CLIENT_SECRET: PAIR.clientSecret,
    OBJECTSTORE_ACCESS_KEY: minio.accessKeyId,
    OBJECTSTORE_SECRET_KEY: minio.secretAccessKey,
    REGISTRY_PASSWORD: USER.password,
  };
  const dotenv = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
  await Promise.all([
    writeFile(join(folder, 'config.yaml'), orchestratorYaml(places)),
    writeFile(join(folder, 'mirror.yaml'), mirrorYaml(places)),
    writeFile(join(folder, '.env'), dotenv.join('')),
    copyFile(tenant.authority, join(folder, 'ca.pem')),
    copyFile(keys.publicKey, join(folder, 'vendor.pub')),
  ]);
  // The containers' users are strangers here.
  await execa('chmod', ['-R', 'a+rX', folder]);
}
