import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkOrchestratorConfig } from '../../../../src/orchestrator/config/check.ts';
import { inspectOrchestratorConfig } from '../../../../src/orchestrator/config/inspect.ts';
import { MINIMAL, problems, sourcesOf } from '../../../support/orchestrator/config.ts';

function own(text: string): string {
  return `${MINIMAL}orchestrator:\n${text.replaceAll(/^/gm, '  ')}\n`;
}

async function warnings(text: string): Promise<readonly string[]> {
  const found = await inspectOrchestratorConfig(sourcesOf(text));
  assert.deepEqual(found.errors, []);
  return found.warnings.map(({ line, path, message }) => `${line}: ${path} ${message}`);
}

function withItem(item: string, more: string = ''): string {
  return `${MINIMAL}      - { name: secretKey, ${item} }\n${more}`;
}

function named(store: string): string {
  return withItem(
    'secretKeyRef: { name: ATLAN_AUTH_CLIENT_ID }',
    `    auth: { secretStore: ${store} }\n`,
  );
}

describe('problems', () => {
  test('are told all at once, each in its place, in the order of the file', async () => {
    const text = `atlan: { deployment_name: "a b", domain: https://acme.atlan.com, region: eu }
components:
  objectstore: { type: s3, metadata: [{ name: bucket }] }
container_registry: { bas: x, username: ci, base: atlan }
orchestrator: { network: 7, verify: { mode: wran }, apps: { Tera: { memory: lots } } }
`;
    const dotenv = 'CLIENT_ID\n';
    assert.deepEqual(await problems(text, { dotenv }), [
      '.env:1:1: this is not NAME=value',
      'config.yaml:1:1: atlan.client_id: missing: write it here, or set ATLAN_AUTH_CLIENT_ID in .env',
      'config.yaml:1:1: atlan.client_secret: missing: write it here, or client_secret_file, or set ATLAN_AUTH_CLIENT_SECRET or ATLAN_AUTH_CLIENT_SECRET_FILE in .env',
      'config.yaml:1:27: atlan.deployment_name: "a b" cannot be part of container and queue names: use up to 63 letters, digits, "-" and "_", and start with a letter or digit',
      'config.yaml:1:42: atlan.domain: "https://acme.atlan.com" starts with a scheme: a reference starts with the host, without https://',
      'config.yaml:3:24: components.objectstore.type: "s3" is not the type of a component, like bindings.aws.s3',
      'config.yaml:3:39: components.objectstore.metadata[0]: needs exactly one of value, secretKeyRef and envRef',
      'config.yaml:4:1: container_registry: needs both username and password (or password_file), or neither',
      'config.yaml:4:23: container_registry.bas: unknown setting; did you mean "base"?',
      'config.yaml:4:51: container_registry.base: "atlan" names no registry: start with its host, like registry.mycompany.com/atlan',
      'config.yaml:5:26: orchestrator.network: expected text, got a number: put it in quotes',
      'config.yaml:5:45: orchestrator.verify.mode: expected "enforce" or "warn" or "off", got "wran"; did you mean "warn"?',
      'config.yaml:5:61: orchestrator.apps.Tera: "Tera" is not the name of an app: use up to 63 lower-case letters, digits, "-", "_" and ".", with a letter or digit at both ends',
      'config.yaml:5:77: orchestrator.apps.Tera.memory: "lots" is not a size: write a number with a unit, like 512m or 2g',
    ]);
  });

  test('of YAML are told without repeating it', async () => {
    assert.deepEqual(await problems('atlan: { client_secret: {hunter2 }\n'), [
      'config.yaml:2:1: this is not YAML: Flow map in block collection must be sufficiently indented and end with a }',
    ]);
  });

  test('of components at the top of the file are found there', async () => {
    const text = MINIMAL.replace('components:\n', '').replaceAll(
      /^ {2}(?= *(?:objectstore|type|metadata|-))/gm,
      '',
    );
    assert.deepEqual(await problems(text), []);
    assert.deepEqual(await problems(text.replace('value: acme-sdr', 'value: "{{BUCKET}}"')), [
      'config.yaml:9:30: objectstore.metadata[0].value: the value still holds a placeholder {{…}}: write what belongs there',
    ]);
  });

  test('of ports: one host port for two apps, for every app, or beside blue-green', async () => {
    assert.deepEqual(
      await problems(
        own(`apps:
  "*": { ports: ["80:8000"] }
  a: { ports: ["127.0.0.1:9000:8000"] }
  b: { ports: ["9000:8000", "x:1"] }
  c: { ports: ["9001:1"], swap: blue-green }`),
      ),
      [
        'config.yaml:16:31: orchestrator.apps.b.ports[1]: "x:1" is not a port: expected host port:container port, like 127.0.0.1:8000:8000',
        'config.yaml:17:29: orchestrator.apps.c.swap: blue-green cannot be with published ports: two containers cannot have the same one. Write stop-first, or leave out ports',
      ],
    );
    assert.deepEqual(
      await problems(
        own(`apps:
  "*": { ports: ["80:8000"] }
  a: { ports: ["127.0.0.1:9000:8000", "53:53/udp"] }
  b: { ports: ["9000:8000", "53:53"] }`),
      ),
      [
        'config.yaml:14:19: orchestrator.apps["*"].ports: cannot be for every app: each needs its own',
        'config.yaml:16:17: orchestrator.apps.b.ports: has the port 9000/tcp of the host, as a has',
      ],
    );
  });
});

describe('components', () => {
  test('an object store is needed', async () => {
    assert.deepEqual(await problems(MINIMAL.replace('objectstore', 'store')), [
      'config.yaml:6:1: components.objectstore: missing: apps keep what they extract in the component objectstore',
    ]);
  });

  test('what they take from the environment must be there', async () => {
    const text = withItem('secretKeyRef: { name: MY_KEY }');
    assert.deepEqual(await problems(text), [
      'config.yaml:12:9: components.objectstore.metadata[2]: refers to the variable MY_KEY, which is neither in .env nor in the environment',
    ]);
    assert.deepEqual(await problems(text, { dotenv: 'MY_KEY=x\n' }), []);
    assert.deepEqual(
      await problems(`${text}orchestrator: { apps: { "*": { environment: { MY_KEY: x } } } }\n`),
      [],
    );
    assert.equal((await problems(withItem('envRef: MY_KEY'))).length, 1);
  });

  test('the prefix of the secret store counts', async () => {
    const text = withItem(
      'secretKeyRef: { key: KEY }',
      '  secretstore: { type: secretstores.local.env, metadata: [{ name: prefix, value: SDR_ }] }\n',
    );
    assert.deepEqual(await problems(text, { env: { SDR_KEY: 'x' } }), []);
    assert.match((await problems(text, { env: { KEY: 'x' } })).join(), /variable SDR_KEY/);
  });

  test('a secret store of another kind is asked by the app itself', async () => {
    const text = withItem(
      'secretKeyRef: { name: sdr, key: KEY }',
      '  secretstore: { type: secretstores.aws.secretmanager }\n',
    );
    assert.deepEqual(await problems(text), []);
  });

  test('a secret store must be described; that of the deployment is made here', async () => {
    assert.deepEqual(await problems(named('vault')), [
      'config.yaml:12:9: components.objectstore.metadata[2]: refers to the secret store "vault", which is not described',
    ]);
    assert.deepEqual(await problems(named('deployment-secret-store')), []);
  });
});

describe('warnings', () => {
  test("keys that only the vendor's orchestrator knows are not used", async () => {
    const text = `log_level: debug\n${MINIMAL.replace('domain', 'region: eu\n  domain')}`;
    assert.deepEqual(await warnings(text), [
      '1: log_level is not used',
      '4: atlan.region is not used',
    ]);
  });

  test('base beside a map, a user without a host, and verification switched off', async () => {
    assert.deepEqual(
      await warnings(`${MINIMAL}container_registry:
  base: registry.mycompany.com/atlan
  image_map_path: sdr/image-map.yaml
  username: ci
  password: pw
orchestrator: { verify: { mode: off } }
`),
      [
        '13: container_registry.base is not looked at: there is an image map, which alone decides',
        '15: container_registry.username is sent, with its password, to whichever registry the map names: write the one that is meant as container_registry.host',
        '17: orchestrator.verify.mode off: nobody looks at signatures',
      ],
    );
  });
});

describe('config check', () => {
  test('says that there is nothing wrong', async () => {
    assert.deepEqual(await checkOrchestratorConfig(sourcesOf(MINIMAL)), {
      file: 'config.yaml',
      errors: [],
      warnings: [],
    });
  });

  test('says what is wrong, instead of failing', async () => {
    const { file, errors } = await checkOrchestratorConfig(sourcesOf('atlan: []\n'));
    assert.equal(file, 'config.yaml');
    assert.match(errors.map(({ message }) => message).join(), /expected a mapping/);
    const missing = await checkOrchestratorConfig(sourcesOf(undefined));
    assert.equal(missing.file, undefined);
    assert.match(missing.errors[0]?.message ?? '', /there is no config\.yaml/);
  });

  test('tries whether the component can hold the map', async () => {
    const text = `${MINIMAL.replace('name: bucket', 'name: buckett')}container_registry: { image_map_path: sdr/image-map.yaml }\n`;
    const { errors } = await checkOrchestratorConfig(sourcesOf(text));
    assert.deepEqual(
      errors.map(({ path, message }) => [path, message]),
      [['objectstore', 'component: bucket is missing']],
    );
  });
});
