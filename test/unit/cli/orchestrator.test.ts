import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DeploymentEvent } from '../../../src/orchestrator/callback/deployment-event.ts';
import type { Ended } from '../../support/command-line.ts';
import {
  SECRETS,
  startOrchestratorScene,
  type OrchestratorScene,
} from '../../support/orchestrator/cli-scene.ts';
import { programs } from '../../fakes/container-engine-programs.ts';

const APP = 'atlan-teradata-prod';

test('an app is installed, upgraded, rolled back, restarted and uninstalled', async (t) => {
  const scene = await startOrchestratorScene(t);
  const first = await scene.offer('teradata', '1.0.0');
  const installed = await run(scene, 'install', 'teradata');
  assert.match(installed.stdout, /✔ teradata: install\n {2}serves {4}1\.0\.0/);
  assert.match(installed.stderr, /gate: /);
  assert.match(installed.stderr, /orchestrator\.verify\.mode: off: nobody looks at signatures/);
  assert.equal(scene.engine.pulls[0], `${scene.registry.host}/sdr/teradata@${first.digest}`);

  await scene.offer('teradata', '2.0.0');
  const upgraded = await run(scene, 'upgrade', 'teradata');
  assert.match(upgraded.stdout, /serves {4}2\.0\.0[^]*previous {2}1\.0\.0/);
  assert.match((await run(scene, 'upgrade', 'teradata')).stdout, /nothing to change/);

  assert.match((await run(scene, 'rollback', 'teradata')).stdout, /serves {4}1\.0\.0/);
  assert.match((await run(scene, 'restart', 'teradata')).stdout, /serves {4}1\.0\.0/);
  assert.deepEqual(scene.engine.states, { [APP]: 'running' });

  assert.match((await run(scene, 'uninstall', 'teradata')).stdout, /removed {3}1\.0\.0/);
  assert.deepEqual(scene.engine.states, {});
});

test('a wish that is repeated by its id changes nothing', async (t) => {
  const scene = await startOrchestratorScene(t);
  await scene.offer('teradata', '1.0.0');
  const asked = ['restart', 'teradata', '--command-id', 'change-4711', '--output', 'json'] as const;
  await run(scene, 'install', 'teradata');
  const first = JSON.parse((await run(scene, ...asked)).stdout) as { readonly outcome: string };
  const before = await statusOf(scene);
  const again = JSON.parse((await run(scene, ...asked)).stdout) as { readonly outcome: string };
  assert.deepEqual([first.outcome, again.outcome], ['done', 'done']);
  assert.deepEqual(await statusOf(scene), before);
});

test('a version that is not healthy leaves the one before, and says what it wrote', async (t) => {
  const scene = await startOrchestratorScene(t);
  await scene.offer('teradata', '1.0.0');
  await run(scene, 'install', 'teradata');
  await scene.offer('teradata', '2.0.0', programs.unhealthy);

  const ended = await scene.program.run('upgrade', 'teradata');

  assert.equal(ended.exitCode, 7, show(ended));
  assert.match(ended.stdout, /CONTAINER_UNHEALTHY at gate/);
  assert.match(ended.stdout, /cannot reach its database/);
  assert.match(ended.stdout, /1\.0\.0 \(atlanhq\/atlan-teradata-app:1\.0\.0\) still serves/);
  assert.deepEqual(scene.engine.states, { [APP]: 'running' });
});

test('apps are listed beside what is announced; status and logs tell of one', async (t) => {
  const scene = await startOrchestratorScene(t);
  await scene.offer('teradata', '1.0.0');
  await run(scene, 'install', 'teradata');
  await scene.offer('teradata', '2.0.0');
  await scene.offer('mssql', '5.1.0');
  await scene.offer('sdr-orchestrator-k8s', '0.3.0');

  const { stdout } = await run(scene, 'apps');
  assert.match(stdout, /^APP +INSTALLED +ANNOUNCED +STATE +UPGRADES\n/);
  assert.match(stdout, /^mssql +- +5\.1\.0 +not installed +when told$/m);
  assert.match(stdout, /^teradata +1\.0\.0 +2\.0\.0 +running +when told$/m);
  // Announced among the apps, and none: the vendor's orchestrator for Kubernetes.
  assert.doesNotMatch(stdout, /k8s/);

  const status = await run(scene, 'status');
  assert.match(status.stdout, /Deployment prod\nThe orchestrator: not running here/);
  assert.match(status.stdout, /✔ teradata 1\.0\.0: running, healthy, since 20/);
  assert.equal((await scene.program.run('status', 'mssql')).exitCode, 2);
  assert.equal((await run(scene, 'logs', 'teradata')).stdout, 'started\n');
});

test('apps are listed even if nobody knows what is announced', async (t) => {
  const scene = await startOrchestratorScene(t);
  await scene.offer('teradata', '1.0.0');
  await run(scene, 'install', 'teradata');
  await scene.write('releases.json', 'not json');
  const ended = await scene.program.run('apps');
  assert.equal(ended.exitCode, 5);
  assert.match(ended.stdout, /^teradata +1\.0\.0 +- +running/m);
  assert.match(ended.stderr, /releases\.json is not JSON/);
});

test('reconciling says first, if asked, and then does', async (t) => {
  const scene = await startOrchestratorScene(t);
  await scene.offer('teradata', '1.0.0');
  await run(scene, 'install', 'teradata');
  await scene.offer('teradata', '2.0.0');
  await scene.configure((text) => `${text}  apps: { teradata: { auto_update: true } }\n`);
  const before = await statusOf(scene);

  const planned = await run(scene, 'reconcile', '--dry-run');
  assert.match(planned.stdout, /teradata: upgrade to atlanhq\/atlan-teradata-app:2\.0\.0 \(/);
  assert.deepEqual(await statusOf(scene), before);

  const done = await run(scene, 'reconcile');
  assert.match(done.stdout, /teradata: upgrade to [^ ]+:2\.0\.0 done/);
  assert.match((await run(scene, 'status')).stdout, /teradata 2\.0\.0: running/);
});

test('the control plane is to hear of what is changed by hand, and of nothing else', async (t) => {
  const scene = await startOrchestratorScene(t);
  const callback = 'https://acme.atlan.com/api/service/sdr/callback';
  await scene.configure((text) => `${text}  control_plane: { callback_url: "${callback}" }\n`);
  await scene.offer('teradata', '1.0.0');
  const outbox = join(scene.folder, 'data/outbox');
  await run(scene, 'status');
  await run(scene, 'apps');
  await run(scene, 'reconcile', '--dry-run');
  await assert.rejects(readdir(outbox), { code: 'ENOENT' });

  await run(scene, 'install', 'teradata', '--command-id', 'by-hand');
  await scene.program.run('upgrade', 'teradata', '--image', 'atlanhq/atlan-teradata-app:9');

  const [file = '', ...others] = await readdir(outbox);
  assert.deepEqual(others, []);
  const event = JSON.parse(await readFile(join(outbox, file), 'utf8')) as DeploymentEvent;
  assert.equal(event.id, 'prod/teradata/by-hand');
  assert.equal(event.serving?.version, '1.0.0');
});

test('resolve goes by the map of the configuration, and explains', async (t) => {
  const scene = await startOrchestratorScene(t);
  await scene.offer('teradata', '1.0.0');
  const image = 'atlanhq/atlan-teradata-app:1.0.0';
  const target = `${scene.registry.host}/sdr/teradata:1.0.0`;
  assert.equal((await run(scene, 'resolve', image)).stdout, `${image} → ${target}\n`);
  const explained = await run(scene, 'resolve', '--explain', image);
  assert.match(explained.stdout, /\(exact entry .*image-map\.yaml:2: /);
  const json = JSON.parse((await run(scene, 'resolve', image, '-o', 'json')).stdout) as unknown[];
  assert.equal((json[0] as { readonly rule: string }).rule, 'map-exact');
});

test('resolve --map needs no configuration', async (t) => {
  const scene = await startOrchestratorScene(t);
  await scene.offer('teradata', '1.0.0');
  await scene.write('config.yaml', 'broken: [');
  const image = 'atlanhq/atlan-teradata-app:1.0.0';
  const { stdout } = await run(scene, 'resolve', image, '--map', 'file:image-map.yaml');
  assert.match(stdout, /exact entry/);
});

test('a self-update outside of a container is refused in words', async (t) => {
  const scene = await startOrchestratorScene(t);
  const ended = await scene.program.run('self-update', '--image', 'acme/sdr-orchestrator:2');
  assert.equal(ended.exitCode, 2);
  assert.match(ended.stdout, /NOT_ACTIVE at recover: .*does not run in a container/);
});

test('config check tells all there is to tell', async (t) => {
  const scene = await startOrchestratorScene(t);
  assert.match((await run(scene, 'config', 'check')).stdout, /✔ config\.yaml can be used/);
  await scene.configure((text) =>
    text.replace('data_folder', 'data_foldr').replace('prod', 'Pro D'),
  );
  const ended = await scene.program.run('config', 'check');
  assert.equal(ended.exitCode, 2);
  assert.match(ended.stdout, /✖ config\.yaml: 2 problems/);
  assert.match(ended.stdout, /did you mean "data_folder"/);
});

async function run(scene: OrchestratorScene, ...args: readonly string[]): Promise<Ended> {
  const ended = await scene.program.run(...args);
  assert.equal(ended.exitCode, 0, show(ended));
  assertNoSecrets(ended);
  return ended;
}

async function statusOf(scene: OrchestratorScene): Promise<unknown> {
  return JSON.parse((await run(scene, 'status', '--output', 'json')).stdout);
}

function show({ stdout, stderr }: Ended): string {
  return `stdout:\n${stdout}\nstderr:\n${stderr}`;
}

function assertNoSecrets({ stdout, stderr }: Ended): void {
  for (const secret of Object.values(SECRETS)) {
    assert.equal((stdout + stderr).includes(secret), false, secret);
  }
}
