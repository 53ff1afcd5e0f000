import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { buildMultiArch } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import {
  BUILD_TIMEOUT_MS,
  builtImages,
  DockerCommand,
  IMAGE_TOOLS,
} from '../../support/servers/built-images.ts';
import { signBundle, signClassic } from '../../support/servers/cosign.ts';
import { startDocker } from '../../support/servers/docker.ts';
import type { EngineServer } from '../../support/servers/engine-server.ts';
import { digestAccordingTo } from '../../support/servers/peers.ts';
import { whyNot } from '../engine/real-engine.ts';
import { SERVERS, startWorld } from '../run/world.ts';
import { CONFINED, filesOf, inContainer, type ImageFile } from './in-container.ts';

const TARGETS = ['mirror', 'orchestrator'] as const;

describe('the images', { skip: whyNot('dockerd') ?? false }, () => {
  let server: EngineServer | undefined;
  let docker: DockerCommand;
  let canRun = false;

  before(
    async () => {
      canRun = requireServer({ skip: () => undefined }, ...IMAGE_TOOLS);
      if (!canRun) return;
      const archives = await builtImages();
      server = await startDocker();
      docker = new DockerCommand(server.socketPath);
      for (const target of TARGETS) await docker.run('load', '--input', archives[target]);
    },
    { timeout: BUILD_TIMEOUT_MS },
  );
  after(async () => server?.stop());

  for (const target of TARGETS) {
    const image = `localhost/sdr-${target}:test`;

    test(`${target}: a user without a name, no port, no volume, and nothing secret`, async (t) => {
      if (!requireServer(t, ...IMAGE_TOOLS)) return;
      const [{ Config, Size }] = JSON.parse(await docker.run('image', 'inspect', image));
      assert.match(Config.User, /^[1-9]\d*:[1-9]\d*$/);
      assert.deepEqual([Config.ExposedPorts ?? {}, Config.Volumes ?? {}], [{}, {}]);
      assert.deepEqual(Config.Env.map((variable: string) => variable.split('=')[0]).toSorted(), [
        'NODE_ENV',
        'PATH',
        'XDG_CACHE_HOME',
      ]);
      assert.ok(Size < 400_000_000, `${Size} bytes`);
    });

    test(`${target}: no shell, no package manager, nothing that gives rights, nothing open to all`, async (t) => {
      if (!requireServer(t, ...IMAGE_TOOLS)) return;
      const files = await filesOf(docker, image);
      const named = (name: string): readonly string[] =>
        files.filter(({ path }) => path.split('/').at(-1) === name).map(({ path }) => path);
      for (const name of [
        'sh',
        'bash',
        'busybox',
        'env',
        'apt-get',
        'dpkg',
        'npm',
        'npx',
        'curl',
      ]) {
        assert.deepEqual(named(name), [], name);
      }
      assert.deepEqual(
        files.filter(({ mode }) => /s/i.test(mode)),
        [],
      );
      const open = files.filter(({ mode }) => mode[8] === 'w' && !mode.startsWith('l'));
      assert.deepEqual(
        open.map(({ path }) => path),
        ['tmp/'],
      );
      // As root none is writable for the user it runs as, whoever that is.
      assert.deepEqual(
        files.filter(({ owner }) => owner !== 'root/root' && owner !== '0/0'),
        [],
      );
    });

    test(`${target}: starts as anybody, on a root that nobody can write`, async (t) => {
      if (!requireServer(t, ...IMAGE_TOOLS)) return;
      const { version } = (await import('../../../package.json', { with: { type: 'json' } }))
        .default;
      assert.equal(await docker.run('run', ...CONFINED, image, '--version'), version);
    });
  }

  test('Temporal is in the orchestrator’s, skopeo in the mirror’s, each nowhere else', async (t) => {
    if (!requireServer(t, ...IMAGE_TOOLS)) return;
    const [mirror, orchestrator] = await Promise.all(
      TARGETS.map(async (target) => filesOf(docker, `localhost/sdr-${target}:test`)),
    );
    const core = 'node_modules/@temporalio/core-bridge/package.json';
    assert.deepEqual([has(mirror, 'node_modules/'), has(orchestrator, core)], [false, true]);
    assert.deepEqual([has(mirror, 'bin/skopeo'), has(orchestrator, 'bin/skopeo')], [true, false]);
  });

  test('an orchestrator that does not run is not healthy, and says so', async (t) => {
    if (!requireServer(t, ...IMAGE_TOOLS)) return;
    const image = 'localhost/sdr-orchestrator:test';
    const { exitCode, stdout } = await docker.start(['run', ...CONFINED, image, 'health']);
    assert.equal(exitCode, 1);
    assert.match(stdout, /not alive/);
  });

  for (const engine of ['registry', 'skopeo'] as const) {
    test(`a whole run by ${engine}, as anybody, without a capability, on a read-only root`, async (t) => {
      if (!requireServer(t, ...IMAGE_TOOLS, ...SERVERS)) return;
      const world = await startWorld(t, inContainer(docker, 'localhost/sdr-mirror:test'));
      const images = [
        { name: 'bundled', image: buildMultiArch('bundled'), sign: signBundle },
        {
          name: 'classic',
          image: buildMultiArch('classic', { format: 'docker' }),
          sign: signClassic,
        },
      ];
      for (const { name, image, sign } of images) {
        await world.announce(`vendor/${name}`, '1.0', image);
        await sign(world.atSource(`vendor/${name}`, image), world.keys);
      }
      const unsigned = buildMultiArch('unsigned');
      await world.announce('vendor/unsigned', '1.0', unsigned);
      await world.configure({ engine });

      const { exitCode, report, stderr } = await world.run();

      // The one that nobody signed stays outside, and the exit code tells.
      assert.equal(exitCode, 4, stderr);
      assert.equal(report.totals.mirrored, images.length, JSON.stringify(report, undefined, 2));
      for (const { name, image } of images) {
        const { host } = world.target;
        const { dockerConfig } = world;
        const at = { host, repository: `mirrored/${name}`, at: '1.0', dockerConfig };
        assert.equal(await digestAccordingTo.crane(at), image.digest);
      }
      assert.match(await world.map(), /vendor\/classic:1\.0/);
      assert.doesNotMatch(await world.map(), /unsigned/);
    });
  }
});

function has(files: readonly ImageFile[] = [], part: string): boolean {
  return files.some(({ path }) => path.includes(part));
}
