import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { loadOrchestratorConfig } from '../../../../src/orchestrator/config/load.ts';
import { Secret } from '../../../../src/secret.ts';
import { VENDOR_POLICY } from '../../../../src/signatures/policy.ts';
import {
  CWD,
  MINIMAL,
  load,
  loadSections,
  problems,
  sourcesOf,
} from '../../../support/orchestrator/config.ts';

/** As the vendor's documents have it: components at the top, names and pair in `.env`. */
const VENDOR = `atlan: { deployment_name: prod, domain: acme.atlan.com }
objectstore:
  type: bindings.aws.s3
  version: v1
  metadata: [{name: bucket, value: b}, {name: region, value: us-east-1}]
secretstore: { type: secretstores.local.env, version: v1, metadata: [] }
container_registry: { base: "", image_map_path: sdr/image-map.yaml, username: "", password: "" }
`;
const DOTENV =
  'SDR_DEPLOYMENT_NAME=prod\nATLAN_AUTH_CLIENT_ID=the-client\nATLAN_AUTH_CLIENT_SECRET=s3cret\n';

function own(text: string): string {
  return `${MINIMAL}orchestrator:\n${text.replaceAll(/^/gm, '  ')}\n`;
}

describe('defaults', () => {
  test('the least there is to say gives everything', async () => {
    const { components, atlan, ...rest } = await load(MINIMAL);
    const { clientSecret, ...identity } = atlan;
    assert.equal(clientSecret.reveal(), 'the-secret');
    assert.deepEqual(identity, {
      deployment: 'prod',
      domain: 'acme.atlan.com',
      url: 'https://acme.atlan.com',
      tokenUrl: 'https://acme.atlan.com/auth/realms/default/protocol/openid-connect/token',
      clientId: 'the-client',
    });
    assert.deepEqual(
      components.map(({ name, type, version }) => [name, type, version]),
      [['objectstore', 'bindings.aws.s3', 'v1']],
    );
    assert.deepEqual(rest, {
      images: {
        map: undefined,
        base: undefined,
        baseReplaces: 'docker.io/atlanhq',
        credential: undefined,
      },
      registries: {},
      verify: {
        mode: 'enforce',
        policy: VENDOR_POLICY,
        overrides: [],
        trustRoot: { kind: 'public' },
      },
      apps: { defaults: rest.apps.defaults, byName: {} },
      controlPlane: { callbackUrl: undefined },
      orchestrator: {
        socket: undefined,
        network: 'atlan-sdr-prod',
        dataFolder: '/var/lib/sdr-orchestrator',
        dataFolderOnHost: undefined,
        appName: 'sdr-orchestrator',
        autoUpdate: false,
        reconcileSeconds: 3600,
      },
      temporal: {
        address: 'acme-temporal.atlan.com:443',
        namespace: 'default',
        taskQueue: 'atlan-sdr-prod',
        tls: {},
        auth: { kind: 'oauth' },
      },
      releases: { kind: 'marketplace', url: 'https://acme.atlan.com', token: undefined },
    });
  });

  test("the vendor's files load as they are", async () => {
    const { config, warnings } = await loadOrchestratorConfig(
      sourcesOf(VENDOR, { dotenv: DOTENV }),
    );
    assert.deepEqual(warnings, []);
    assert.equal(config.atlan.clientId, 'the-client');
    assert.equal(config.atlan.clientSecret.reveal(), 's3cret');
    assert.deepEqual(
      config.components.map(({ name }) => name),
      ['objectstore', 'secretstore'],
    );
    assert.equal(config.images.credential, undefined);
  });

  test('the map is in the bucket of the own component, as that was expanded', async () => {
    const text = VENDOR.replace('value: b}', 'value: "${BUCKET}"}');
    const { images } = await load(text, { dotenv: `${DOTENV}BUCKET=acme-sdr\n` });
    const store = images.map?.store;
    assert.ok(typeof store === 'object');
    const { content, ...location } = store;
    assert.deepEqual(location, { path: `${CWD}/config.yaml`, key: 'sdr/image-map.yaml' });
    assert.match(content?.reveal() ?? '', /value: acme-sdr/);
    assert.deepEqual(images.map?.settings, {});
  });
});

describe('the map elsewhere', () => {
  const image = 'container_registry: { image_map_path: sdr/image-map.yaml }\n';

  test('orchestrator.map.store wins over the component', async () => {
    const { images } = await load(
      `${MINIMAL}${image}orchestrator: { map: { store: "file:maps/image-map.yaml" } }\n`,
    );
    assert.equal(images.map?.store, `file:${CWD}/maps/image-map.yaml`);
  });

  test('orchestrator.map may say more of the own component', async () => {
    const { images } = await load(
      `${MINIMAL}${image}orchestrator: { map: { rootPath: /srv/objects } }\n`,
    );
    const store = images.map?.store;
    assert.ok(typeof store === 'object');
    assert.deepEqual(
      [store.path, store.key, store.rootPath],
      [`${CWD}/config.yaml`, 'sdr/image-map.yaml', '/srv/objects'],
    );
  });
});

describe('.env and the environment', () => {
  const without = MINIMAL.replace(/ {2}(?:deployment_name|client_).*\n/g, '');

  test('give what the file leaves out; the environment wins over .env, unless it is empty', async () => {
    const { config, env } = await loadOrchestratorConfig(
      sourcesOf(without, {
        dotenv: DOTENV,
        env: { SDR_DEPLOYMENT_NAME: 'staging', ATLAN_AUTH_CLIENT_ID: '', HTTPS_PROXY: 'http://p' },
      }),
    );
    assert.equal(config.atlan.deployment, 'staging');
    assert.equal(config.atlan.clientId, 'the-client');
    assert.equal(config.temporal.taskQueue, 'atlan-sdr-staging');
    assert.equal(env['HTTPS_PROXY'], 'http://p');
    assert.equal(env['ATLAN_AUTH_CLIENT_ID'], 'the-client');
  });

  for (const prefix of ['ATLAN_AUTH', 'ATLAN', 'SDR']) {
    test(`the pair may be called ${prefix}_CLIENT_ID and ${prefix}_CLIENT_SECRET`, async () => {
      const dotenv = `SDR_DEPLOYMENT_NAME=d\n${prefix}_CLIENT_ID=i\n${prefix}_CLIENT_SECRET=s\n`;
      const { atlan } = await load(without, { dotenv });
      assert.deepEqual([atlan.clientId, atlan.clientSecret.reveal()], ['i', 's']);
    });
  }

  test('a variable that is set to nothing gives nothing', async () => {
    const dotenv = `${DOTENV.replace('the-client', '')}CLIENT_ID=another\n`;
    assert.equal((await load(without, { dotenv })).atlan.clientId, 'another');
  });

  test('a secret may be in a mounted file, said in either place', async () => {
    const files = { '/run/secrets/oauth': 'from-file\n' };
    const dotenv = 'ATLAN_AUTH_CLIENT_SECRET_FILE=/run/secrets/oauth\n';
    const text = MINIMAL.replace(/ {2}client_secret.*\n/, '');
    assert.equal((await load(text, { files, dotenv })).atlan.clientSecret.reveal(), 'from-file');
    const own = MINIMAL.replace(
      'client_secret: the-secret',
      'client_secret_file: /run/secrets/oauth',
    );
    assert.equal((await load(own, { files })).atlan.clientSecret.reveal(), 'from-file');
  });

  test('a file and an environment that contradict each other are an error', async () => {
    assert.deepEqual(await problems(MINIMAL, { dotenv: 'SDR_DEPLOYMENT_NAME=staging\n' }), [
      'config.yaml:2:20: atlan.deployment_name: is not what SDR_DEPLOYMENT_NAME says: write it in one place, or the same in both',
    ]);
    assert.deepEqual(await problems(MINIMAL, { dotenv: 'SDR_DEPLOYMENT_NAME=prod\n' }), []);
  });

  test('what .env says wrong is found there', async () => {
    const dotenv = DOTENV.replace('NAME=prod', 'NAME=prod.eu');
    assert.deepEqual(await problems(without, { dotenv }), [
      '.env:1:1: atlan.deployment_name: "prod.eu" cannot be part of container and queue names: use up to 63 letters, digits, "-" and "_", and start with a letter or digit',
    ]);
  });

  test('--env-file names another one, which must be there', async () => {
    const files = { [`${CWD}/other.env`]: DOTENV };
    assert.equal((await load(without, { files, envFile: 'other.env' })).atlan.deployment, 'prod');
    assert.deepEqual(await problems(without, { envFile: 'gone.env' }), [
      `the environment file "gone.env" cannot be read: there is no such file (looked at ${CWD}/gone.env)`,
    ]);
  });
});

describe('finding the file', () => {
  test('SDR_ORCHESTRATOR_CONFIG names it, --config wins over it', async () => {
    const files = { '/a.yaml': MINIMAL, '/b.yaml': MINIMAL.replace('prod', 'other') };
    const env = { SDR_ORCHESTRATOR_CONFIG: '/a.yaml' };
    assert.equal((await load(undefined, { files, env })).atlan.deployment, 'prod');
    assert.equal(
      (await load(undefined, { files, env, path: '/b.yaml' })).atlan.deployment,
      'other',
    );
  });

  test('without any there is nothing to run', async () => {
    assert.deepEqual(await problems(undefined), [
      `there is no config.yaml in ${CWD}, and neither --config nor SDR_ORCHESTRATOR_CONFIG names another file`,
    ]);
  });
});

describe('sections', () => {
  test('those that are not needed are not looked at', async () => {
    const text = `atlan: { client_secret: "\${UNSET}" }
container_registry: { base: registry.mycompany.com/atlan/ }
orchestrator: { apps: { "?": wrong }, registries: { "localhost:5000": { plainHttp: true } } }
${MINIMAL.slice(MINIMAL.indexOf('components:'))}`;
    const { config } = await loadSections(['images', 'registries'], text);
    assert.deepEqual(config, {
      images: {
        map: undefined,
        base: 'registry.mycompany.com/atlan',
        baseReplaces: 'docker.io/atlanhq',
        credential: undefined,
      },
      registries: { 'localhost:5000': { plainHttp: true } },
    });
  });

  test('what a section needs of others is checked', async () => {
    await assert.rejects(loadSections(['temporal'], 'components: {}\n'), /atlan\.domain: missing/);
  });
});

describe('own settings', () => {
  test('Temporal: elsewhere, in the clear, with a key', async () => {
    const { temporal } = await load(
      own('temporal: { address: "localhost:7233", tls: false, api_key: k, task_queue: q }'),
    );
    assert.deepEqual(
      { ...temporal, auth: temporal.auth.kind },
      {
        address: 'localhost:7233',
        namespace: 'default',
        taskQueue: 'q',
        tls: undefined,
        auth: 'api-key',
      },
    );
  });

  test('Temporal: with authorities and a client certificate of its own', async () => {
    const [ca, key] = ['CERTIFICATE', 'PRIVATE KEY'].map(
      (label) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`,
    );
    const { temporal } = await load(
      own('temporal: { tls: { ca: corp.pem, cert: corp.pem, key_file: key.pem, server_name: t } }'),
      { files: { [`${CWD}/corp.pem`]: ca ?? '', [`${CWD}/key.pem`]: key ?? '' } },
    );
    assert.ok(temporal.tls?.client?.key instanceof Secret);
    assert.deepEqual(
      [temporal.tls.ca, temporal.tls.serverName, temporal.tls.client.cert],
      [ca, 't', ca],
    );
  });

  test('a tenant on this machine is spoken to in the clear, and says not where Temporal is', async () => {
    const text = own('temporal: { address: "127.0.0.1:7233" }').replace(
      'domain: acme.atlan.com',
      'domain: 127.0.0.1:8080',
    );
    assert.equal((await load(text)).atlan.url, 'http://127.0.0.1:8080');
    assert.match(
      (await problems(text.replace(/^ {2}temporal.*$/m, '  auto_update: true'))).join('\n'),
      /orchestrator\.temporal\.address: missing/,
    );
  });

  test('the callback, releases and the folder of data', async () => {
    const { controlPlane, releases, orchestrator } = await load(
      own(`control_plane: { callback_url: "https://acme.atlan.com/done" }
releases: { token_file: /run/secrets/api }
data_folder: /data
data_folder_on_host: /srv/sdr
socket: /run/podman.sock
network: sdr
app_name: acme-orchestrator
auto_update: true
reconcile_interval: 30m`),
      { files: { '/run/secrets/api': 'tok\n' } },
    );
    assert.equal(controlPlane.callbackUrl, 'https://acme.atlan.com/done');
    assert.ok(releases.kind === 'marketplace');
    assert.equal(releases.token?.reveal(), 'tok');
    assert.deepEqual(orchestrator, {
      socket: '/run/podman.sock',
      network: 'sdr',
      dataFolder: '/data',
      dataFolderOnHost: '/srv/sdr',
      appName: 'acme-orchestrator',
      autoUpdate: true,
      reconcileSeconds: 1800,
    });
  });

  test('releases from a file', async () => {
    const { releases } = await load(own('releases: { file: releases.json }'), {
      files: { [`${CWD}/releases.json`]: '{}' },
    });
    assert.deepEqual(releases, { kind: 'file', path: `${CWD}/releases.json` });
  });

  test("verification as in mirror.yaml, by the company's own key for what it rebuilds", async () => {
    const { verify } = await load(
      own(`verify:
  overrides: [{ match: "atlan/rebuilt-*", keys: [{ pem: cosign.pub, requireLog: false }] }]`),
      {
        files: {
          [`${CWD}/cosign.pub`]: generateKeyPairSync('ec', { namedCurve: 'P-256' })
            .publicKey.export({ type: 'spki', format: 'pem' })
            .toString(),
        },
      },
    );
    assert.deepEqual(verify.policy, VENDOR_POLICY);
    assert.deepEqual(
      verify.overrides.map(({ match, policy }) => [match, policy.identities, policy.keys.length]),
      [['atlan/rebuilt-*', [], 1]],
    );
  });
});
