import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildImage, type TestImage } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { signBundle } from '../../support/servers/cosign.ts';
import { startGate, type Gate } from '../../support/servers/gate.ts';
import { digestAccordingTo } from '../../support/servers/peers.ts';
import { waitFor } from '../../support/servers/server-process.ts';
import { SERVERS, startWorld, type MirrorProcess, type World } from './world.ts';

const MEBIBYTE = 1024 * 1024;

interface Interruptible {
  readonly world: World;
  /** Before the target. */
  readonly gate: Gate;
  readonly images: readonly TestImage[];
}

/** Three signed images of some size, and a gate that can hold a copy in the middle of a blob. */
async function prepare(t: Parameters<typeof startWorld>[0]): Promise<Interruptible> {
  const world = await startWorld(t);
  const gate = await startGate(world.target.host);
  t.after(gate.close);
  const images = ['one', 'two', 'three'].map((seed) =>
    buildImage({ seed, layers: [4 * MEBIBYTE, 2 * MEBIBYTE] }),
  );
  for (const [index, image] of images.entries()) {
    await world.announce(`vendor/app${index}`, '1.0', image);
    await signBundle(world.atSource(`vendor/app${index}`, image), world.keys);
  }
  await world.configure({ targetHost: gate.host, concurrency: 1 });
  return { world, gate, images };
}

async function assertMirrored({ world, images }: Interruptible): Promise<void> {
  const { dockerConfig } = world;
  for (const [index, image] of images.entries()) {
    const asked = {
      host: world.target.host,
      repository: `mirrored/app${index}`,
      at: '1.0',
      dockerConfig,
    };
    assert.equal(await digestAccordingTo.skopeo(asked), image.digest);
  }
}

/** Waits until a copy is held at the gate; a process that ends before would never come there. */
async function untilHeld(gate: Gate, process: MirrorProcess): Promise<void> {
  const ended = process.then(({ exitCode, stderr }) => {
    throw new Error(`mirror gave ${exitCode} and copied nothing:\n${stderr}`);
  });
  await Promise.race([gate.held(), ended]);
}

test('killed in the middle of a blob, the next run completes the work', async (t) => {
  if (!requireServer(t, ...SERVERS)) return;
  const setting = await prepare(t);
  const { world, gate, images } = setting;
  gate.holdAfter(3 * MEBIBYTE);

  const killed = world.start('run');
  await untilHeld(gate, killed);
  killed.kill('SIGKILL');
  const { signal } = await killed;
  gate.open();

  assert.equal(signal, 'SIGKILL');
  const written = (await world.target.requests()).filter(
    ({ method, uri }) => method === 'PUT' && uri.includes('/manifests/'),
  );
  assert.deepEqual(written, [], 'nothing was usable yet');
  assert.equal(await world.map(), '');
  const { exitCode, report, stderr } = await world.run();
  assert.equal(exitCode, 0, stderr);
  assert.equal(report.totals.mirrored, images.length);
  await assertMirrored(setting);
});

test('on SIGTERM what is in flight is finished and published, nothing new begun, and 143 given', async (t) => {
  if (!requireServer(t, ...SERVERS)) return;
  const setting = await prepare(t);
  const { world, gate } = setting;
  gate.holdAfter(3 * MEBIBYTE);

  const stopped = world.start('run', '--output', 'json');
  await untilHeld(gate, stopped);
  let log = '';
  stopped.stderr.on('data', (text: Buffer) => (log += text.toString()));
  stopped.kill('SIGTERM');
  await waitFor('the run has heard the signal', () => log.includes('stopping') || undefined);
  gate.open();
  const { exitCode, stderr } = await stopped;

  assert.equal(exitCode, 143, stderr);
  const map = await world.map();
  assert.equal(map.match(/mirrored\//g)?.length, 1, `one was in flight:\n${map}`);

  const { report } = await world.run();
  assert.equal(report.totals.unchanged, 1);
  assert.equal(report.totals.mirrored, 2);
  await assertMirrored(setting);
});
