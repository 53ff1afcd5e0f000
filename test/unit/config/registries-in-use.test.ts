import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { createRegistries, type Registries } from '../../../src/registry/client.ts';
import { atTag } from '../../../src/registry/reference.ts';
import { CWD, load, problems } from '../../support/config.ts';
import { startNamedHosts } from '../../support/named-hosts.ts';
import { MANIFEST, MANIFEST_HEADERS } from '../../support/quirk-world.ts';
import { startScripted, type ScriptedAnswer } from '../../support/scripted-server.ts';
import { makeCertificate } from '../../support/servers/certificate.ts';

// What stands under registries: is what the client does, from the text to the connection.

const HOST = 'registry.mycompany.com';
const OTHER = 'other.mycompany.com';
const FOUND: ScriptedAnswer = { status: 200, headers: MANIFEST_HEADERS, body: MANIFEST.bytes };

async function open(
  t: TestContext,
  registries: readonly string[],
  {
    files = {},
    env = {},
  }: {
    readonly files?: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<Registries> {
  const text = ['registries:', ...registries.map((line) => `  ${line}`)].join('\n');
  const paths = Object.entries(files).map(([name, content]) => [`${CWD}/${name}`, content]);
  const config = await load(text, {
    env,
    files: Object.fromEntries(paths) as Record<string, string>,
    sections: ['registries'],
  });
  const opened = createRegistries({
    hosts: config.registries,
    env,
    // Every name is on this machine.
    lookup: (_host, { all }, found) => {
      if (all === true) found(null, [{ address: '127.0.0.1', family: 4 }]);
      else found(null, '127.0.0.1', 4);
    },
    credentialSources: {
      env: {},
      homeDirectory: '/nowhere',
      readText: async () => undefined,
      runHelper: async () => undefined,
    },
  });
  t.after(() => opened.close());
  return opened;
}

async function serves({ source }: Registries, registry: string = HOST): Promise<boolean> {
  const head = await source.head(atTag({ registry, repository: 'acme/app' }, '1'));
  return head?.digest === MANIFEST.digest;
}

test('an authority is trusted at the host it is given for, and at no other', async (t) => {
  const hosts = await startNamedHosts(t, [HOST, OTHER], () => FOUND);
  const env = { HTTPS_PROXY: hosts.proxy };
  const files = { 'corp.pem': hosts.ca };
  const registries = await open(t, [`${HOST}: { ca: corp.pem }`, `${OTHER}: {}`], { files, env });
  assert.equal(await serves(registries), true);
  await assert.rejects(serves(registries, OTHER), {
    code: 'REGISTRY_UNAVAILABLE',
    message: /certificate.*give it as ca: for this host under registries:/,
  });
});

test('a client certificate and its key prove who asks, where the host wants that', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sdr-client-'));
  t.after(() => rm(folder, { recursive: true }));
  const { certificate, key } = await makeCertificate(folder);
  const client = readFileSync(certificate, 'utf8');
  const hosts = await startNamedHosts(t, [HOST], () => FOUND, {
    requestCert: true,
    rejectUnauthorized: true,
    ca: client,
  });
  const env = { HTTPS_PROXY: hosts.proxy };
  const files = {
    'corp.pem': hosts.ca,
    'client.pem': client,
    'client.key': readFileSync(key, 'utf8'),
  };
  const proved = `${HOST}: { ca: corp.pem, cert: client.pem, keyFile: client.key }`;
  assert.equal(await serves(await open(t, [proved], { files, env })), true);
  const unproved = await open(t, [`${HOST}: { ca: corp.pem }`], { files, env });
  await assert.rejects(serves(unproved), { code: 'REGISTRY_UNAVAILABLE' });
});

test('a user and a password file are who is asked as', async (t) => {
  const server = await startScripted(t, ({ headers }) =>
    headers.authorization === `Basic ${Buffer.from('ci:hunter2').toString('base64')}`
      ? FOUND
      : { status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } },
  );
  const own = `"${server.host}": { plainHttp: true, username: ci, passwordFile: password }`;
  const registries = await open(t, [own], { files: { password: 'hunter2\n' } });
  assert.equal(await serves(registries, server.host), true);
});

test('a proxy of its own goes before that of the environment, and for no other host', async (t) => {
  const hosts = await startNamedHosts(t, [HOST, OTHER], () => FOUND);
  const general = await startNamedHosts(t, [HOST, OTHER], () => FOUND);
  const env = {
    HTTPS_PROXY: general.proxy,
    // The operator's word on one host is the last.
    NO_PROXY: HOST,
  };
  const files = {
    'corp.pem': hosts.ca,
    'general.pem': general.ca,
    proxy: `${hosts.proxy.replace('//', '//me:hunter2@')}\n`,
  };
  const own = `${HOST}: { ca: corp.pem, proxyFile: proxy }`;
  const registries = await open(t, [own, `${OTHER}: { ca: general.pem }`], { files, env });
  assert.equal(await serves(registries), true);
  assert.equal(await serves(registries, OTHER), true);
  assert.deepEqual([hosts.wanted, general.wanted], [[`${HOST}:443`], [`${OTHER}:443`]]);
  assert.doesNotMatch(inspect(registries.settingsFor(HOST), { depth: 5 }), /hunter2/);
});

test('no proxy is used where the operator says so', async (t) => {
  const proxy = await startScripted(t, () => ({ status: 502 }));
  const server = await startScripted(t, () => FOUND);
  const named = server.host.replace('127.0.0.1', 'registry.example');
  const line = `"${named}": { plainHttp: true, proxy: none }`;
  const direct = await open(t, [line], { env: { HTTP_PROXY: proxy.url } });
  assert.equal(await serves(direct, named), true);
  assert.equal(proxy.requests.length, 0);
});

test('what no proxy can be is an error that does not show it', async () => {
  for (const proxy of ['socks5://me:hunter2@proxy.example', 'hunter2', 'proxy.example:3128']) {
    const found = await problems(`registries: { ${HOST}: { proxy: "${proxy}" } }`, {
      sections: ['registries'],
    });
    assert.deepEqual(found, [
      `mirror.yaml:1:48: registries["${HOST}"].proxy: the value is no usable proxy: write http://host:port, or none`,
    ]);
  }
});

function createAt(host: string): string {
  return `registries["${host}"].createRepositories: is`;
}

test('repositories are created at ECR only, and elsewhere the error says why not', async () => {
  const found = await problems(
    [
      'registries:',
      '  123456789012.dkr.ecr.eu-west-1.amazonaws.com: { createRepositories: true }',
      '  ghcr.io: { createRepositories: true }',
      '  us-docker.pkg.dev: { createRepositories: true }',
      '  acme.azurecr.io: { createRepositories: false }',
      '  harbor.mycompany.com: { createRepositories: true }',
    ].join('\n'),
    { sections: ['registries'] },
  );
  assert.equal(found.length, 3);
  assert.match(found[0] ?? '', /^mirror\.yaml:3:14: /);
  assert(found[0]?.includes(`${createAt('ghcr.io')} not needed: ghcr.io creates a repository`));
  assert(found[1]?.includes(`${createAt('us-docker.pkg.dev')} for ECR only: in Artifact Registry`));
  assert(found[2]?.includes(`${createAt('harbor.mycompany.com')} for ECR only: most other`));
});

test('an identity of the cloud can be left unused', async () => {
  const text = `registries: { acme.azurecr.io: { cloudIdentity: false } }`;
  const { registries } = await load(text, { sections: ['registries'] });
  assert.deepEqual(registries['acme.azurecr.io'], { cloudIdentity: false });
});
