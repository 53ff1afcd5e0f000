/**
 * The images for a platform that this machine is not of: built, published with this machine's under
 * one tag, and run by a real engine, which emulates it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { execa } from 'execa';
import { buildMultiArch } from '../../support/images.ts';
import { startArm64Programs } from '../../support/servers/arm64-programs.ts';
import { binary, requireServer } from '../../support/servers/binaries.ts';
import {
  BUILD_TIMEOUT_MS,
  builtArm64Images,
  builtImages,
  DockerCommand,
  IMAGE_TOOLS,
} from '../../support/servers/built-images.ts';
import { signBundle } from '../../support/servers/cosign.ts';
import { startDockerRegistry } from '../../support/servers/distribution.ts';
import { startDocker } from '../../support/servers/docker.ts';
import { digestAccordingTo } from '../../support/servers/peers.ts';
import { whyNot } from '../engine/real-engine.ts';
import { SERVERS, startWorld } from '../run/world.ts';
import { CONFINED, filesOf, inContainer } from './in-container.ts';

const NEEDED = [...IMAGE_TOOLS, ...SERVERS, 'debian-base-arm64'];
const MIRROR = 'localhost/sdr-mirror:test-arm64';
const ORCHESTRATOR = 'localhost/sdr-orchestrator:test-arm64';

describe('the images for linux/arm64', { skip: whyNot('dockerd') ?? false }, () => {
  const stops: (() => Promise<void>)[] = [];
  let docker: DockerCommand;
  /** Runs a program of an image as anybody, on a root that nobody can write. */
  const run = async (image: string, program: string, ...args: readonly string[]): Promise<string> =>
    docker.run('run', ...CONFINED, '--entrypoint', program, image, ...args);

  before(
    async () => {
      if (!requireServer({ skip: () => undefined }, ...NEEDED)) return;
      const archives = await builtArm64Images();
      stops.push((await startArm64Programs()).stop);
      const server = await startDocker();
      stops.push(server.stop);
      docker = new DockerCommand(server.socketPath);
      for (const archive of Object.values(archives)) await docker.run('load', '--input', archive);
    },
    { timeout: BUILD_TIMEOUT_MS },
  );
  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  for (const image of [MIRROR, ORCHESTRATOR]) {
    test(`${image}: everything in it is for arm64`, async (t) => {
      if (!requireServer(t, ...NEEDED)) return;
      const [{ Os, Architecture }] = JSON.parse(await docker.run('image', 'inspect', image));
      assert.deepEqual([Os, Architecture], ['linux', 'arm64']);
      const paths = (await filesOf(docker, image)).map(({ path }) => path);
      assert.ok(paths.includes('usr/lib/aarch64-linux-gnu/libc.so.6'), paths.join('\n'));
      assert.deepEqual(
        paths.filter((path) => /x86[_-]64|amd64|linux-x64/.test(path)),
        [],
      );
    });
  }

  test('Node and skopeo start as anybody, on a root that nobody can write', async (t) => {
    if (!requireServer(t, ...NEEDED)) return;
    const { version } = (await import('../../../package.json', { with: { type: 'json' } })).default;
    assert.equal(await run(MIRROR, 'mirror', '--version'), version);
    assert.equal(await run(ORCHESTRATOR, 'sdr-orchestrator', '--version'), version);
    assert.equal(await run(MIRROR, 'node', '--print', 'process.arch'), 'arm64');
    assert.match(await run(MIRROR, 'skopeo', '--version'), /^skopeo version \d/);
  });

  test('Temporal’s native parts load', async (t) => {
    if (!requireServer(t, ...NEEDED)) return;
    const code = `
      const { Runtime } = await import('/usr/local/lib/sdr-mirror/node_modules/@temporalio/worker/lib/index.js');
      await Runtime.instance().shutdown();
      console.log('came up and down');`;
    const said = await run(ORCHESTRATOR, 'node', '--input-type=module', '--eval', code);
    assert.match(said, /^came up and down$/m);
  });

  test('a whole run by skopeo, of the image that one tag has for both platforms', async (t) => {
    if (!requireServer(t, ...NEEDED)) return;
    const registry = await startDockerRegistry();
    t.after(registry.stop);
    const tag = `${registry.host}/sdr-mirror:1.0`;
    await publish(tag);
    assert.deepEqual(await platformsAt(tag), ['linux/amd64', 'linux/arm64']);
    await docker.run('pull', '--quiet', '--platform', 'linux/arm64', tag);

    const world = await startWorld(t, inContainer(docker, tag));
    const image = buildMultiArch('signed');
    await world.announce('vendor/signed', '1.0', image);
    await signBundle(world.atSource('vendor/signed', image), world.keys);
    await world.announce('vendor/unsigned', '1.0', buildMultiArch('unsigned'));
    await world.configure({ engine: 'skopeo' });
    const { exitCode, report, stderr } = await world.run();

    assert.equal(exitCode, 4, stderr);
    assert.equal(report.totals.mirrored, 1, JSON.stringify(report, undefined, 2));
    const { host } = world.target;
    const { dockerConfig } = world;
    const at = { host, repository: 'mirrored/signed', at: '1.0', dockerConfig };
    assert.equal(await digestAccordingTo.crane(at), image.digest);
    assert.match(await world.map(), /vendor\/signed:1\.0/);
    assert.doesNotMatch(await world.map(), /unsigned/);
  });
});

/** Puts both platforms' images of `mirror` under one tag, as a release does. */
async function publish(tag: string): Promise<void> {
  const [own, arm64] = await Promise.all([builtImages(), builtArm64Images()]);
  await crane('push', own.mirror, `${tag}-own`);
  await crane('push', arm64.mirror, `${tag}-arm64`);
  await crane('index', 'append', '-m', `${tag}-own`, '-m', `${tag}-arm64`, '-t', tag);
}

async function crane(...args: readonly string[]): Promise<void> {
  await execa(binary('crane'), [...args, '--insecure']);
}

/** The platforms of an index, as skopeo reads it. */
async function platformsAt(tag: string): Promise<readonly string[]> {
  const inspect = ['inspect', '--raw', '--tls-verify=false', `docker://${tag}`];
  const { stdout } = await execa(binary('skopeo'), inspect);
  const { manifests }: Index = JSON.parse(stdout);
  return manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`);
}

interface Index {
  readonly manifests: readonly {
    readonly platform: { readonly os: string; readonly architecture: string };
  }[];
}
