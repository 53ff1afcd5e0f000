import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSocketEngine } from '../../../src/orchestrator/engine/socket-engine.ts';
import type { ContainerSpec } from '../../../src/orchestrator/engine/container-spec.ts';
import { programs } from '../../fakes/container-engine-programs.ts';
import { imageNamed, plainSpec } from '../../fakes/container-engine-specs.ts';
import { SECRETS, startOrchestratorScene } from '../../support/orchestrator/cli-scene.ts';
import { freePort } from '../../support/servers/server-process.ts';

interface Report {
  readonly findings: readonly {
    readonly check: string;
    readonly outcome: 'ok' | 'failed' | 'skipped';
    readonly says: string;
    readonly code?: string;
  }[];
}

test('doctor looks at everything, and changes nothing', async (t) => {
  const scene = await startOrchestratorScene(t);
  await scene.offer('teradata', '3.1.4');

  const { exitCode, stdout, stderr } = await scene.program.run('doctor');

  assert.equal(exitCode, 0, stdout + stderr);
  const says = [
    /^✔ engine +docker /m,
    /^✔ privileges +user /m,
    /^✔ data folder +.*\/data, on the host /m,
    /^✔ network +atlan-sdr-prod, from the host$/m,
    /^✔ releases +1 announced at .*releases\.json$/m,
    /^✔ images +atlanhq\/atlan-teradata-app:3\.1\.4 → 127\.0\.0\.1:.*exact entry/m,
    /^✔ control plane +Temporal at .*, namespace default, queue atlan-sdr-prod$/m,
  ];
  for (const pattern of says) assert.match(stdout, pattern);
  assert.equal(scene.temporal.connections[0]?.isClosed, true);
  assert.deepEqual([scene.engine.pulls, scene.engine.states], [[], {}]);
});

test('doctor says in which network apps can be asked for their health', async (t) => {
  const scene = await startOrchestratorScene(t);
  const { engine } = scene;
  const image = imageNamed('orchestrator');
  engine.publish(image, programs.good);
  await engine.pull(image, { kind: 'anonymous', origin: 'test' });
  const own = plainSpec('sdr-orchestrator', image);
  const said = async (network: ContainerSpec['network']): Promise<string> => {
    const id = await engine.create({ ...own, network });
    scene.change({ ownId: async () => id });
    const { stdout } = await scene.program.run('doctor');
    await engine.remove(id);
    return stdout;
  };
  for (const name of ['other', 'atlan-sdr-prod']) await engine.ensureNetwork(name, {});

  assert.match(
    await said([{ name: 'other', aliases: [] }]),
    /^✖ network +sdr-orchestrator is not in atlan-sdr-prod, .*, only in other: .*docker network connect atlan-sdr-prod sdr-orchestrator/m,
  );
  assert.match(await said('default'), /^✖ network +[^:]*its apps: /m);
  assert.match(await said('host'), /^✔ network +atlan-sdr-prod, from the host$/m);
  const both = ['other', 'atlan-sdr-prod'].map((name) => ({ name, aliases: [] }));
  assert.match(await said(both), /^✔ network +atlan-sdr-prod, as its apps$/m);
});

test('doctor tells of every trouble at once, the gravest in its exit code', async (t) => {
  const scene = await startOrchestratorScene(t);
  const port = await freePort();
  await scene.configure((text) =>
    text
      .replace('acme.atlan.com', `127.0.0.1:${port}`)
      .replace('auth: none', 'auth: oauth, address: "127.0.0.1:7233", tls: false')
      .replace('image_map_path: image-map.yaml', 'image_map_path: no-map.yaml'),
  );
  await scene.write('releases.json', 'not json');

  const { exitCode, stdout } = await scene.program.run('doctor', '--output', 'json');

  const { findings } = JSON.parse(stdout) as Report;
  const failed = findings.flatMap(({ check, outcome, code }) =>
    outcome === 'failed' ? [`${check}: ${code}`] : [],
  );
  assert.deepEqual(failed, [
    'releases: RELEASES_UNAVAILABLE',
    'images: MAP_UNAVAILABLE',
    'control plane: TOKEN_UNAVAILABLE',
  ]);
  assert.equal(exitCode, 5);
  assert.equal(stdout.includes(SECRETS.client), false);
});

test('a control plane that is away is no bug: it has an exit code of its own', async (t) => {
  const scene = await startOrchestratorScene(t);
  scene.temporal.connect = () => {
    throw new Error('tonic: connection refused');
  };
  const { exitCode, stdout } = await scene.program.run('doctor');
  assert.equal(exitCode, 8, stdout);
  assert.match(stdout, /^✖ control plane +Temporal at .* cannot be reached: .*refused/m);
});

test('without an engine the rest is looked at all the same, as far as it can be', async (t) => {
  const scene = await startOrchestratorScene(t);
  scene.change({ openEngine: async () => createSocketEngine({ socketPath: '/nowhere/no.sock' }) });
  const { exitCode, stdout } = await scene.program.run('doctor', '--output', 'json');
  const { findings } = JSON.parse(stdout) as Report;
  assert.deepEqual(
    findings.map(({ check, outcome }) => `${check}: ${outcome}`),
    [
      'engine: failed',
      'privileges: ok',
      'data folder: skipped',
      'network: skipped',
      'images: skipped',
      'releases: skipped',
      'control plane: ok',
    ],
  );
  assert.equal(exitCode, 7);
});
