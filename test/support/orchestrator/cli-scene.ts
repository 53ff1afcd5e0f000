import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { main } from '../../../src/cli/orchestrator-program.ts';
import type { OrchestratorParts } from '../../../src/cli/orchestrator/parts.ts';
import { systemClock, type Clock } from '../../../src/registry/http/clock.ts';
import type { DigestReference } from '../../../src/registry/reference.ts';
import { FakeContainerEngine } from '../../fakes/container-engine.ts';
import { programs, type Program } from '../../fakes/container-engine-programs.ts';
import { FakeTemporalSdk } from '../../fakes/temporal-sdk.ts';
import { commandLine, type CommandLine } from '../command-line.ts';
import { buildImage, push, type TestImage } from '../images.ts';
import { startRegistry, type TestRegistry } from '../registry/server.ts';
import { fakeProbe } from './swap-world.ts';

/** Secrets of a scene, marked so that a search finds them wherever they leak. */
export const SECRETS = {
  client: 'marked-client-secret-55e1',
  registry: 'marked-registry-password-40aa',
} as const;

/** A machine with a fake engine, a registry, a map in a file, and the folder of the configuration. */
export interface OrchestratorScene {
  readonly folder: string;
  readonly engine: FakeContainerEngine;
  readonly registry: TestRegistry;
  readonly temporal: FakeTemporalSdk;
  readonly program: CommandLine;
  /** Puts an image into the registry and the map, and announces it; `program` is what it does. */
  offer(app: string, version: string, program?: Program): Promise<TestImage>;
  /** Changes the configuration. */
  configure(changes?: (text: string) => string): Promise<void>;
  write(name: string, text: string): Promise<void>;
  read(name: string): Promise<string>;
  /** Other parts than the fakes, from the next command on. */
  change(parts: Partial<OrchestratorParts>): void;
}

/** The real time, in which nobody sleeps for long. */
export const HASTY_CLOCK: Clock = {
  ...systemClock,
  sleep: async (ms, signal) => systemClock.sleep(Math.min(ms, 20), signal),
};

export async function startOrchestratorScene(t: TestContext): Promise<OrchestratorScene> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-scene-'));
  t.after(async () => rm(folder, { recursive: true }));
  const registry = await startRegistry({
    auth: { kind: 'bearer', users: { sdr: SECRETS.registry } },
  });
  t.after(async () => registry.close());
  const engine = new FakeContainerEngine();
  const temporal = new FakeTemporalSdk();
  let parts: OrchestratorParts = {
    openEngine: async () => engine,
    probe: fakeProbe(engine),
    clock: engine.clock,
    ownId: async () => undefined,
    loadTemporal: async () => temporal.sdk,
  };
  const write: OrchestratorScene['write'] = async (name, text) =>
    writeFile(join(folder, name), text);
  const announced: object[] = [];
  const entries: string[] = [];
  const publish = async (): Promise<void> => {
    await write('releases.json', JSON.stringify({ releases: announced }));
    await write('image-map.yaml', `images:\n${entries.join('')}`);
  };
  const scene: OrchestratorScene = {
    folder,
    engine,
    registry,
    temporal,
    program: commandLine(async (process) => main(process, async () => parts), {
      cwd: folder,
      env: {
        REGISTRY_PASSWORD: SECRETS.registry,
        SDR_ORCHESTRATOR_HEARTBEAT: join(folder, 'heartbeat.json'),
      },
    }),
    offer: async (app, version, behaviour = programs.good) => {
      const image = buildImage({ seed: `${app}:${version}` });
      const repository = `sdr/${app}`;
      push(registry.store.repository(repository), image, version);
      const reference: DigestReference = {
        kind: 'digest',
        registry: registry.host,
        repository,
        digest: image.digest,
      };
      engine.publish(reference, behaviour);
      const source = `atlanhq/atlan-${app}-app:${version}`;
      entries.push(`  "${source}": "${registry.host}/${repository}:${version}"\n`);
      announced.unshift({ app_name: app, version, image: source });
      await publish();
      return image;
    },
    configure: async (changes = (text) => text) =>
      write('config.yaml', changes(configuration(folder, registry))),
    write,
    read: async (name) => readFile(join(folder, name), 'utf8'),
    change: (others) => {
      parts = { ...parts, ...others };
    },
  };
  await publish();
  await scene.configure();
  return scene;
}

function configuration(folder: string, registry: TestRegistry): string {
  return `atlan:
  deployment_name: prod
  domain: acme.atlan.com
  client_id: the-client
  client_secret: ${SECRETS.client}
components:
  objectstore:
    type: bindings.localstorage
    metadata: [{ name: rootPath, value: ${folder} }]
container_registry:
  image_map_path: image-map.yaml
  username: sdr
  password: \${REGISTRY_PASSWORD}
orchestrator:
  data_folder: ${folder}/data
  releases: { file: releases.json }
  registries: { "${registry.host}": { plainHttp: true } }
  verify: { mode: "off" }
  temporal: { auth: none }
`;
}
