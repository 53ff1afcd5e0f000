import assert from 'node:assert/strict';
import { chmod, chown, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { createAppContainers } from '../../../src/orchestrator/app-spec/app-containers.ts';
import type { ContainerEngine } from '../../../src/orchestrator/engine/container-engine.ts';
import type { ContainerSpec } from '../../../src/orchestrator/engine/container-spec.ts';
import { createSocketEngine } from '../../../src/orchestrator/engine/socket-engine.ts';
import { MINIMAL, load } from '../../support/orchestrator/config.ts';
import {
  startDockerRegistry,
  type DistributionServer,
} from '../../support/servers/distribution.ts';
import { startDocker } from '../../support/servers/docker.ts';
import { allStarted, Endings } from '../../support/servers/endings.ts';
import { publishRunnable } from '../../support/servers/engine-images.ts';
import type { EngineServer } from '../../support/servers/engine-server.ts';
import { ROOTLESS_USER, startPodman, startRootlessPodman } from '../../support/servers/podman.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';
import { noRootlessUser, whyNot } from '../engine/real-engine.ts';

/** The orchestrator's user in its own image. */
const ORCHESTRATOR = 10_001;

/** What an app does here: it says who it is, what it was given, and whether it could change that. */
const SCRIPT = `id -u
echo "I am $ATLAN_APPLICATION_NAME"
cat /app/components/objectstore.yaml
touch /app/components/objectstore.yaml || echo kept`;

const ENGINES: readonly {
  readonly name: string;
  readonly whyNot: () => string | undefined;
  readonly start: () => Promise<EngineServer>;
  /** Who the orchestrator's user is to the host. */
  readonly owner: () => Promise<readonly [uid: number, gid: number]>;
}[] = [
  { name: 'Docker', whyNot: () => whyNot('dockerd'), start: startDocker, owner: async () => OWN },
  { name: 'Podman', whyNot: () => whyNot('podman'), start: startPodman, owner: async () => OWN },
  {
    name: 'rootless Podman',
    whyNot: () => whyNot('podman') ?? noRootlessUser(),
    start: startRootlessPodman,
    owner: rootlessUser,
  },
];

const OWN = [ORCHESTRATOR, ORCHESTRATOR] as const;

async function rootlessUser(): Promise<readonly [number, number]> {
  const accounts = await readFile('/etc/passwd', 'utf8');
  const [, uid, gid] =
    new RegExp(`^${ROOTLESS_USER}:[^:]*:(\\d+):(\\d+):`, 'm').exec(accounts) ?? [];
  return [Number(uid), Number(gid)];
}

for (const { name, whyNot: reason, start, owner } of ENGINES) {
  describe(`an app on ${name}`, { skip: reason() ?? false }, () => {
    let registry: DistributionServer;
    let engine: ContainerEngine;
    let data: Awaited<ReturnType<typeof temporaryFolder>>;
    const endings = new Endings();
    before(async () => {
      const [images, server] = await allStarted(startDockerRegistry(), start());
      registry = images;
      endings.add(images.stop);
      endings.add(server.stop);
      engine = createSocketEngine({ socketPath: server.socketPath });
      data = await temporaryFolder('app-files');
      endings.add(data.remove);
      await chmod(data.path, 0o755);
    });
    after(async () => endings.run());

    /** What a container printed before it ended. */
    async function outputOf(spec: ContainerSpec): Promise<string> {
      const id = await engine.create({ ...spec, restart: 'no' });
      await engine.start(id);
      while ((await engine.inspect(id))?.state === 'running') await delay(100);
      const lines = await engine.logs(id, { tail: 100 });
      await engine.remove(id);
      return lines.map(({ text }) => text).join('\n');
    }

    test('reads the files it is given as the user of its image, and nobody else does', async () => {
      const config = await load(
        `${MINIMAL}orchestrator: { data_folder: ${data.path}, network: sdr-app-files }\n`,
      );
      const image = await publishRunnable(registry, 'app', { script: SCRIPT, user: '1000:1000' });
      await engine.pull(image, { kind: 'anonymous', origin: 'the test' });
      await engine.ensureNetwork(config.orchestrator.network, {});
      const apps = createAppContainers({
        config,
        engine,
        ownMounts: async () => undefined,
        group: ORCHESTRATOR,
        env: {},
        now: () => Date.now(),
      });
      const { spec } = await apps.make({
        app: 'teradata',
        version: '1',
        source: 'atlanhq/teradata:1',
        image,
        commandId: 'install-1',
        generation: 1,
      });
      await giveTo(spec, await owner());

      const output = await outputOf(spec);
      assert.match(output, /^1000$/m);
      assert.match(output, /I am teradata/);
      assert.match(output, /value: acme-sdr/);
      assert.match(output, /kept/);

      const { groups: _, ...stranger } = spec;
      const refused = await outputOf({ ...stranger, groups: [] });
      assert.doesNotMatch(refused, /acme-sdr/);
      assert.match(refused, /[Pp]ermission denied/);
    });
  });
}

/** Makes the files those of the orchestrator's user, as if it had written them. */
async function giveTo(
  { mounts }: ContainerSpec,
  [uid, gid]: readonly [number, number],
): Promise<void> {
  const components = mounts.find(({ target }) => target === '/app/components');
  assert.ok(components?.kind === 'bind');
  await chmod(join(components.source, '..'), 0o755);
  for (const name of ['', ...['objectstore', 'secretstore'].map((one) => `${one}.yaml`)]) {
    await chown(join(components.source, name), uid, gid);
  }
}
