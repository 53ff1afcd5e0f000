import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { execa } from 'execa';
import { binary, requireServer } from '../../support/servers/binaries.ts';
import {
  BUILD_TIMEOUT_MS,
  builtImages,
  DockerCommand,
  IMAGE_TOOLS,
} from '../../support/servers/built-images.ts';
import { startDocker } from '../../support/servers/docker.ts';
import { startRootlessPodman, type PodmanServer } from '../../support/servers/podman.ts';
import { temporaryFolder, waitFor } from '../../support/servers/server-process.ts';
import { assertUnprivileged, see } from '../chain/container.ts';
import { noRootlessUser, whyNot } from '../engine/real-engine.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples/orchestrator');
const NAME = 'sdr-orchestrator';
const IMAGE = 'localhost/sdr-orchestrator:test';
const OPTIONS = { timeout: BUILD_TIMEOUT_MS } as const;

// docker-run.sh starts the orchestrator of the whole chain: test/integration/chain.

describe('examples for Docker', { skip: whyNot('dockerd') ?? false }, () => {
  test('compose.yaml starts it, with no more rights than it needs', OPTIONS, async (t) => {
    if (!requireServer(t, ...IMAGE_TOOLS, 'docker-compose')) return;
    const { orchestrator } = await builtImages();
    const server = await startDocker();
    t.after(server.stop);
    const docker = new DockerCommand(server.socketPath);
    await docker.run('load', '--input', orchestrator);
    const { folder, data } = await exampleFolder(t);
    await chown(data, 10_001, 10_001);
    const env = {
      ...docker.environment,
      SDR_IMAGE: IMAGE,
      SDR_CONFIG: folder,
      SDR_DATA: data,
      SDR_SOCKET: server.socketPath,
      SOCKET_GROUP: '0',
    };
    const file = join(EXAMPLES, 'compose.yaml');
    const compose = async (...args: readonly string[]): Promise<unknown> =>
      execa(binary('docker-compose'), ['--file', file, ...args], { env });
    await compose('up', '--detach');
    await healthy(docker);
    assertUnprivileged(await see(docker, NAME), '10001');
    const before = (await see(docker, NAME)).id;
    await compose('up', '--detach');
    assert.equal((await see(docker, NAME)).id, before, 'up again replaces nothing');
  });
});

const noPodman = whyNot('podman') ?? noRootlessUser();
describe('examples for Podman without root', { skip: noPodman ?? false }, () => {
  test('podman-rootless.sh starts it, with no more rights than it needs', OPTIONS, async (t) => {
    if (!requireServer(t, ...IMAGE_TOOLS)) return;
    const { podman, env } = await rootless(t);
    const script = join(podman.folder, 'podman-rootless.sh');
    await copyFile(join(EXAMPLES, 'podman-rootless.sh'), script);
    await podman.asOwner(['sh', script], { env });
    await assertRuns(podman);
  });

  test('the Quadlet starts it by the command that Podman makes of it', OPTIONS, async (t) => {
    if (!requireServer(t, ...IMAGE_TOOLS, 'quadlet')) return;
    const units = await generate();
    assert.match(units, /^WantedBy=default\.target$/m);
    const [network = '', run = ''] = [...units.matchAll(/^ExecStart=\S+ (.*)$/gm)].map(
      ([, command]) => command,
    );
    const { podman, env } = await rootless(t);
    const places: Readonly<Record<string, string>> = {
      '%h/.config/sdr-orchestrator': env.SDR_CONFIG,
      '%h/.local/share/sdr-orchestrator': env.SDR_DATA,
      '%t/podman/podman.sock': env.SDR_SOCKET,
      [/\S+\/sdr-orchestrator:[\d.]+$/.exec(run)?.[0] ?? 'none']: IMAGE,
      // What only a service of systemd can have.
      '--cgroups=split': '',
      '--sdnotify=conmon': '',
    };
    for (const [, place] of run.matchAll(/(%[ht]\/[^: ]+)/g)) assert.ok(place && place in places);
    const command = Object.entries(places).reduce(
      (text, [from, to]) => text.replace(from, to),
      run,
    );
    // Podman 4.3 does not know it, and makes no such files either.
    await podman.asOwner(['podman', ...words(network.replace('--ignore', ''))]);
    await podman.asOwner(['podman', ...words(command)]);
    await assertRuns(podman);
  });
});

/** The words of a command as systemd reads them: no word of these has a space in it. */
function words(command: string): readonly string[] {
  const written = command.split(' ').filter((word) => word !== '');
  return written.map((word) => (word.startsWith('"') ? String(JSON.parse(word)) : word));
}

/** What Podman's generator makes of the files; it complains of keys it does not know. */
async function generate(): Promise<string> {
  const { stdout, stderr } = await execa(binary('quadlet'), ['--user', '--dryrun'], {
    env: { QUADLET_UNIT_DIRS: EXAMPLES },
  });
  assert.doesNotMatch(stderr, /unsupported|error|converting/i);
  return stdout;
}

/** A folder with the configuration of the examples, filled in, and one for data. */
async function exampleFolder(
  t: TestContext,
): Promise<{ readonly folder: string; readonly data: string }> {
  const { path: folder, remove } = await temporaryFolder('example');
  t.after(remove);
  await chmod(folder, 0o755);
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o750 });
  const config = await readFile(join(EXAMPLES, 'config.yaml'), 'utf8');
  // Nobody is asked anything: a name that never resolves (RFC 6761).
  const nowhere = config.replaceAll('acme.atlan.com', 'acme.invalid');
  await writeFile(join(folder, 'config.yaml'), nowhere);
  const env = await readFile(join(EXAMPLES, '.env'), 'utf8');
  await writeFile(join(folder, '.env'), env.replaceAll(/=$/gm, '=filled-in'));
  return { folder, data };
}

interface Rootless {
  readonly podman: PodmanServer;
  readonly env: Readonly<Record<'SDR_IMAGE' | 'SDR_CONFIG' | 'SDR_DATA' | 'SDR_SOCKET', string>>;
}

/** A Podman without root that has the image, and the places of the example. */
async function rootless(t: TestContext): Promise<Rootless> {
  const { orchestrator } = await builtImages();
  const podman = await startRootlessPodman();
  t.after(podman.stop);
  const { folder, data } = await exampleFolder(t);
  const uid = Number(await podman.asOwner(['id', '-u']));
  const gid = Number(await podman.asOwner(['id', '-g']));
  await chown(data, uid, gid);
  await podman.asOwner(['podman', 'load'], { inputFile: orchestrator });
  const { socketPath } = podman;
  return {
    podman,
    env: { SDR_IMAGE: IMAGE, SDR_CONFIG: folder, SDR_DATA: data, SDR_SOCKET: socketPath },
  };
}

async function assertRuns(podman: PodmanServer): Promise<void> {
  const run = async (...args: readonly string[]): Promise<string> =>
    podman.asOwner(['podman', ...args]);
  await healthy({ run });
  assertUnprivileged(await see({ run }, NAME), await podman.asOwner(['id', '-u']));
}

/** Alive and on duty, though neither tenant nor Temporal can be reached. */
async function healthy(engine: Pick<DockerCommand, 'run'>): Promise<void> {
  await waitFor(
    'an orchestrator that is active',
    async () => {
      const answer = await engine.run('exec', NAME, NAME, 'health').catch(() => '');
      return /^alive .* active, Temporal unreachable/.test(answer) || undefined;
    },
    120_000,
  ).catch(async (error: unknown) => {
    throw new Error(await engine.run('logs', NAME), { cause: error });
  });
}

test('the examples differ in nothing that matters', () => {
  const files = [
    'docker-run.sh',
    'podman-rootless.sh',
    'compose.yaml',
    'sdr-orchestrator.container',
  ];
  const wanted = [
    /10001/,
    /cap.?drop|DropCapability/i,
    /no-?new-?privileges/i,
    /read-?_?only/i,
    /tmp:size=64m/,
    /60/,
  ];
  for (const file of files)
    for (const pattern of wanted)
      assert.match(readFileSync(join(EXAMPLES, file), 'utf8'), pattern, file);
});
