import assert from 'node:assert/strict';
import { chmod, mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ConfigError } from '../../../src/errors.ts';
import { unreachable } from '../../../src/orchestrator/engine/engine-failures.ts';
import { createSocketEngine } from '../../../src/orchestrator/engine/socket-engine.ts';
import { loadTemporalSdk } from '../../../src/orchestrator/temporal/sdk.ts';
import { FakeContainerEngine } from '../../fakes/container-engine.ts';
import {
  SECRETS,
  startOrchestratorScene,
  type OrchestratorScene,
} from '../../support/orchestrator/cli-scene.ts';

interface Mistake {
  readonly title: string;
  readonly make: (scene: OrchestratorScene, t: TestContext) => Promise<void> | void;
  readonly args: readonly string[];
  readonly exitCode: number;
  /** What the operator has to read: the thing, the cause, the next step. */
  readonly says: readonly RegExp[];
}

const INSTALL = ['install', 'teradata'] as const;

const MISTAKES: readonly Mistake[] = [
  {
    title: 'a command that does not exist',
    make: () => {},
    args: ['instal', 'teradata'],
    exitCode: 2,
    says: [/unknown command 'instal'/, /Did you mean install\?/],
  },
  {
    title: 'a configuration that is not there',
    make: () => {},
    args: ['status', '--config', 'confg.yaml'],
    exitCode: 2,
    says: [/CONFIG_INVALID/, /confg\.yaml/],
  },
  {
    title: 'several slips in the configuration',
    make: async (scene) =>
      scene.configure((text) => text.replace('data_folder', 'data_foldr').replace('prod', 'P D')),
    args: ['run'],
    exitCode: 2,
    says: [/2 problems/, /deployment_name/, /data_folder/],
  },
  {
    title: 'an engine whose socket is not there',
    make: (scene) => {
      scene.change({
        openEngine: async () => createSocketEngine({ socketPath: join(scene.folder, 'no.sock') }),
      });
    },
    args: ['run'],
    exitCode: 7,
    says: [/ENGINE_UNREACHABLE/, /no\.sock/, /Start the engine/, /DOCKER_HOST/],
  },
  {
    title: 'a socket that may not be used',
    make: async (scene, t) => refuseSocket(scene, t),
    args: ['status'],
    exitCode: 7,
    says: [/ENGINE_UNREACHABLE/, /permission denied/, /--group-add \d+/],
  },
  {
    title: 'an engine in the clear over the network',
    make: async (scene) => {
      await scene.write('.env', 'DOCKER_HOST=tcp://10.0.0.1:2375\n');
    },
    args: ['status'],
    exitCode: 2,
    says: [/DOCKER_HOST/, /not a Unix socket/],
  },
  {
    title: 'an app that nobody announces',
    make: () => {},
    args: ['install', 'teradta'],
    exitCode: 5,
    says: [/NO_RELEASE/, /teradta/, /name the image/],
  },
  {
    title: 'an orchestrator that is taken for an app',
    make: () => {},
    args: ['install', 'sdr-orchestrator-k8s'],
    exitCode: 2,
    says: [/sdr-orchestrator-k8s/, /no app/, /self-update/],
  },
  {
    title: 'an app that is not installed',
    make: () => {},
    args: ['upgrade', 'teradata'],
    exitCode: 2,
    says: [/APP_NOT_INSTALLED/, /install it first/],
  },
  {
    title: 'the log of an app that is not installed',
    make: () => {},
    args: ['logs', 'teradata'],
    exitCode: 2,
    says: [/teradata is not installed/, /sdr-orchestrator apps/],
  },
  {
    title: 'a name that is none',
    make: () => {},
    args: ['restart', 'Teradata/1'],
    exitCode: 2,
    says: [/Teradata\/1/, /lower-case/],
  },
  {
    title: 'nothing to roll back to',
    make: async (scene) => {
      await scene.program.run(...INSTALL);
    },
    args: ['rollback', 'teradata'],
    exitCode: 2,
    says: [/NO_PREVIOUS_VERSION/],
  },
  {
    title: 'a map that is broken',
    make: async (scene) => scene.write('image-map.yaml', 'images:\n  "a:1": "b:1\n'),
    args: INSTALL,
    exitCode: 6,
    says: [/MAP_INVALID at resolve/, /image-map\.yaml/],
  },
  {
    title: 'a map that is not there',
    make: async (scene) => scene.configure((text) => text.replace('image-map.yaml', 'no-map.yaml')),
    args: INSTALL,
    exitCode: 6,
    says: [/MAP_UNAVAILABLE at resolve/, /no-map\.yaml/, /image_map_path/],
  },
  {
    title: 'an image that is in the map, and not in the registry',
    make: async (scene) => scene.registry.store.repository('sdr/teradata').tags.clear(),
    args: INSTALL,
    exitCode: 3,
    says: [/REGISTRY_NOT_FOUND at resolve/, /exact entry/, /Mirror the image/],
  },
  {
    title: 'a wrong password of the registry',
    make: async (scene) =>
      scene.configure((text) => text.replace('${REGISTRY_PASSWORD}', 'marked-wrong')),
    args: INSTALL,
    exitCode: 3,
    says: [/REGISTRY_UNAUTHORIZED/, /127\.0\.0\.1/],
  },
  {
    title: 'an image that nobody signed',
    make: async (scene) => scene.configure((text) => text.replace('"off"', 'enforce')),
    args: INSTALL,
    exitCode: 4,
    says: [/SIGNATURE_MISSING at resolve/],
  },
  {
    title: "Temporal's packages missing",
    make: (scene) => {
      scene.change({
        loadTemporal: async () =>
          loadTemporalSdk(async () => {
            throw Object.assign(new Error('no package'), { code: 'ERR_MODULE_NOT_FOUND' });
          }),
      });
    },
    args: ['run'],
    exitCode: 2,
    says: [/CONFIG_INVALID/, /npm install @temporalio\/activity/],
  },
  {
    title: 'no heartbeat',
    make: () => {},
    args: ['health'],
    exitCode: 1,
    says: [/not alive/, /heartbeat\.json/],
  },
  {
    title: 'an id that is none',
    make: () => {},
    args: [...INSTALL, '--command-id', 'two words'],
    exitCode: 2,
    says: [/--command-id/],
  },
];

for (const { title, make, args, exitCode, says } of MISTAKES) {
  test(`${title}: exit ${exitCode}, and the message helps`, async (t) => {
    const scene = await startOrchestratorScene(t);
    await scene.offer('teradata', '3.1.4');
    await make(scene, t);
    const before = scene.engine.states;
    const pulls = [...scene.engine.pulls];

    const ended = await scene.program.run(...args);

    const said = ended.stdout + ended.stderr;
    assert.equal(ended.exitCode, exitCode, said);
    for (const pattern of says) assert.match(said, pattern);
    for (const secret of [...Object.values(SECRETS), 'marked-']) {
      assert.equal(said.includes(secret), false, secret);
    }
    // Above all nothing was pulled from anywhere else.
    assert.deepEqual(scene.engine.pulls, pulls);
    assert.deepEqual(scene.engine.states, before);
  });
}

/** A socket that belongs to somebody else. Root may use every socket, so its refusal is played. */
async function refuseSocket(scene: OrchestratorScene, t: TestContext): Promise<void> {
  const folder = join(scene.folder, 'run');
  const socketPath = join(folder, 'docker.sock');
  await mkdir(folder);
  const server = createServer().listen(socketPath);
  await once(server, 'listening');
  t.after(() => server.close());
  await chmod(socketPath, 0o000);
  const denied = Object.assign(new Error('connect EACCES'), { code: 'EACCES' });
  const engine = new FakeContainerEngine();
  engine.info = async () => {
    throw await unreachable(socketPath, 'reach the container engine', denied);
  };
  scene.change({ openEngine: async () => engine });
}

test('a mistake as JSON is a document on stdout', async (t) => {
  const scene = await startOrchestratorScene(t);
  scene.change({
    openEngine: async () => {
      throw new ConfigError('no engine here');
    },
  });
  const ended = await scene.program.run('status', '--output', 'json');
  assert.equal(ended.exitCode, 2);
  assert.equal(
    (JSON.parse(ended.stdout) as { readonly error: { readonly code: string } }).error.code,
    'CONFIG_INVALID',
  );
});
