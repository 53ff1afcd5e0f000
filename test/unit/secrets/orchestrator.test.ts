import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { programs, type Program } from '../../fakes/container-engine-programs.ts';
import { startMarketplace } from '../../support/marketplace.ts';
import {
  SECRETS,
  startOrchestratorScene,
  type OrchestratorScene,
} from '../../support/orchestrator/cli-scene.ts';
import { echo } from '../../support/secrets/echo.ts';
import { assertUnmarked, core, filesBelow, mark } from '../../support/secrets/marks.ts';
import { startWitness, type Witness } from '../../support/secrets/witness.ts';

const WORDS = ['client', 'token', 'app'] as const;
/** What is given: the configuration and its variables. */
const GIVEN = ['config.yaml', '.env', 'engine'];

/** An app that prints its secret, and one that dies of it. */
const LOG = [mark('app'), `PASSWORD=${mark('app')}`, Buffer.from(mark('app')).toString('base64')];
const log = LOG.map((text) => ({ stream: 'stderr', text }) as const);
const talker = { ...programs.good, log };
const dying = { ...programs.crashLooping, log };

interface SecretScene {
  readonly orchestrator: OrchestratorScene;
  readonly tenant: Witness;
  readonly registry: Witness;
  run(...args: readonly string[]): Promise<string>;
}

/** A deployment with a secret of its own wherever its configuration takes one. */
async function start(t: TestContext, program: Program = talker): Promise<SecretScene> {
  const orchestrator = await startOrchestratorScene(t);
  const { digest } = await orchestrator.offer('teradata', '1.0.0');
  const { releases } = JSON.parse(await orchestrator.read('releases.json')) as {
    readonly releases: readonly Readonly<Record<string, unknown>>[];
  };
  const marketplace = await startMarketplace({ token: mark('token'), releases });
  t.after(async () => marketplace.close());
  const tenant = await startWitness(t, marketplace.url);
  const registry = await startWitness(t, orchestrator.registry.url);
  const repository = 'sdr/teradata';
  orchestrator.engine.publish(
    { kind: 'digest', registry: registry.host, repository, digest },
    program,
  );
  const { host } = orchestrator.registry;
  const map = await orchestrator.read('image-map.yaml');
  await orchestrator.write('image-map.yaml', map.replaceAll(host, registry.host));
  await orchestrator.write(
    '.env',
    `CLIENT="${core('client')}"\nTOKEN='${mark('token')}'\nAPP='${mark('app')}'\n`,
  );
  await orchestrator.configure((text) =>
    text
      .replaceAll(host, registry.host)
      .replace(SECRETS.client, '${CLIENT}')
      .replace(
        'releases: { file: releases.json }',
        `releases: { url: "${tenant.url}", token: "\${TOKEN}" }`,
      )
      .replace('username: sdr', `host: ${registry.host}\n  username: sdr`)
      .replace(
        '{ plainHttp: true }',
        '{ plainHttp: true, username: sdr, password: "${REGISTRY_PASSWORD}" }',
      )
      .replace(
        'orchestrator:\n',
        'orchestrator:\n  apps: { teradata: { environment: { PASSWORD: "${APP}" } } }\n',
      ),
  );
  return {
    orchestrator,
    tenant,
    registry,
    run: async (...args) => {
      const { stdout, stderr } = await orchestrator.program.run(...args, '--log-level', 'debug');
      const said = stdout + stderr;
      assertUnmarked(said, WORDS, `what ${args.join(' ')} prints`);
      for (const secret of Object.values(SECRETS)) assert.ok(!said.includes(secret), said);
      const left = await filesBelow(orchestrator.folder, GIVEN);
      assertUnmarked(left, WORDS, 'what it leaves');
      assertUnmarked(
        tenant.heard(),
        WORDS.filter((word) => word !== 'token'),
        'what the tenant hears',
      );
      assertUnmarked(registry.heard(), WORDS, 'what the registry hears');
      assert.ok(!tenant.heard().includes(SECRETS.registry));
      return said;
    },
  };
}

const COMMANDS: readonly (readonly string[])[] = [
  ['install', 'teradata'],
  ['apps'],
  ['status'],
  ['logs', 'teradata'],
  ['restart', 'teradata'],
  ['upgrade', 'teradata'],
  ['rollback', 'teradata'],
  ['reconcile'],
  ['resolve', 'atlanhq/atlan-teradata-app:1.0.0'],
  ['config'],
  ['doctor'],
  ['uninstall', 'teradata'],
];

test('secrets of a deployment stay where they belong, whatever is commanded', async (t) => {
  const scene = await start(t);
  for (const command of COMMANDS) {
    const said = await scene.run(...command);
    // What is looked for is there to be found: the app printed it, and the tenant heard its own.
    if (command[0] === 'logs') assert.match(said, /\[secret\]/);
  }
  assert.match(scene.tenant.heard(), new RegExp(core('token')));
});

test('an app that dies and prints its secret', async (t) => {
  const scene = await start(t, dying);
  assert.match(await scene.run('install', 'teradata'), /CONTAINER_UNHEALTHY[\s\S]*\[secret\]/);
});

test('and when the tenant and the registry refuse and repeat what they were sent', async (t) => {
  const scene = await start(t);
  await scene.run('install', 'teradata');
  scene.tenant.reply = echo(403);
  scene.registry.reply = echo(401);
  for (const command of COMMANDS) await scene.run(...command);
});

for (const [name, spoil] of Object.entries({
  'an unknown setting beside them': (text: string) =>
    text.replace('client_secret:', `client_secrt: ${mark('app')}\n  client_secret:`),
  'YAML that is none': (text: string) => text.replace('client_secret: ', 'client_secret: {"'),
  'a mapping in the place of a secret': (text: string) =>
    text.replace('client_secret: ${CLIENT}', `client_secret: { value: ${core('client')} }`),
  'a secret in the place of a name': (text: string) =>
    text.replace('deployment_name: prod', 'deployment_name: "${APP}"'),
  'a secret in the place of an address': (text: string) =>
    text.replace('domain: acme.atlan.com', 'domain: "${TOKEN}"'),
})) {
  test(`secrets of a configuration with ${name}`, async (t) => {
    const scene = await start(t);
    await scene.orchestrator.write(
      'config.yaml',
      spoil(await scene.orchestrator.read('config.yaml')),
    );
    assert.match(await scene.run('status'), /CONFIG_INVALID/);
  });
}
