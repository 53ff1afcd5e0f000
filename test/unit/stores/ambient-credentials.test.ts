import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Secret } from '../../../src/secret.ts';
import { createGcsStore } from '../../../src/stores/gcs.ts';
import { createS3Store } from '../../../src/stores/s3.ts';
import type { S3Place } from '../../../src/stores/place.ts';
import { silentLogger } from '../../../src/log.ts';
import { FakeGcsServer } from '../../fakes/gcs-server.ts';
import { FakeS3 } from '../../fakes/s3-server.ts';

// The SDKs read the environment of the process themselves: each test starts from an empty one.
const kept = { ...process.env };
const folder = mkdtempSync(join(tmpdir(), 'sdr-credentials-'));
after(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  for (const name of Object.keys(process.env)) {
    if (/^(?:AWS|GOOGLE|AZURE|HTTPS?_PROXY)/i.test(name)) delete process.env[name];
  }
  // Neither this machine's files nor its cloud.
  process.env['AWS_CONFIG_FILE'] = join(folder, 'none');
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(folder, 'none');
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
});
afterEach(() => {
  process.env = { ...kept };
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A server of tokens: remembers what it was asked. */
async function tokenServer(
  answer: string,
  type: string,
): Promise<{
  readonly url: string;
  readonly asked: { request: IncomingMessage; body: string }[];
  readonly server: Server;
}> {
  const asked: { request: IncomingMessage; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      asked.push({ request, body });
      response.writeHead(200, { 'content-type': type }).end(answer);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

/** What AWS's token service answers. */
function assumed(action: string): string {
  const credentials =
    '<AccessKeyId>AKROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>role-session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>';
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials>${credentials}</Credentials></${action}Result></${action}Response>`;
}

describe('S3 without credentials of its own', () => {
  let s3: FakeS3;
  before(async () => {
    s3 = await FakeS3.start();
    s3.createBucket('maps');
  });
  after(() => s3.stop());
  beforeEach(() => {
    s3.requests.length = 0;
  });

  /** Who signed the request, for which region, with which session. */
  async function signed(place: Partial<S3Place> = {}, env = {}) {
    const store = await createS3Store(
      { kind: 's3', bucket: 'maps', key: 'map.yaml', pathStyle: true, endpoint: s3.url, ...place },
      { env, logger: silentLogger, writer: 'test' },
    );
    assert.equal(await store.read(), undefined);
    const { headers } = s3.requests.at(-1)!;
    const [, key, region] =
      /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(String(headers['authorization'])) ?? [];
    return { key, region, token: headers['x-amz-security-token'] };
  }

  test('takes keys and region from the environment', async () => {
    process.env['AWS_ACCESS_KEY_ID'] = 'AKENV';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
    process.env['AWS_SESSION_TOKEN'] = 'session';
    process.env['AWS_REGION'] = 'eu-west-3';
    assert.deepEqual(await signed(), { key: 'AKENV', region: 'eu-west-3', token: 'session' });
  });

  test('takes keys, region and endpoint from a profile', async () => {
    process.env['AWS_PROFILE'] = 'corp';
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = file(
      'credentials',
      '[corp]\naws_access_key_id = AKPROFILE\naws_secret_access_key = secret\n',
    );
    process.env['AWS_CONFIG_FILE'] = file(
      'config',
      `[profile corp]\nregion = eu-south-1\nservices = here\n[services here]\ns3 =\n  endpoint_url = ${s3.url}\n`,
    );
    const store = await createS3Store(
      { kind: 's3', bucket: 'maps', key: 'map.yaml', pathStyle: true },
      { env: {}, logger: silentLogger, writer: 'test' },
    );
    assert.equal(await store.read(), undefined);
    assert.match(
      String(s3.requests[0]?.headers['authorization']),
      /Credential=AKPROFILE\/\d+\/eu-south-1\//,
    );
  });

  test('takes the role of a Kubernetes service account (IRSA)', async () => {
    const action = 'AssumeRoleWithWebIdentity';
    const sts = await tokenServer(assumed(action), 'text/xml');
    process.env['AWS_ENDPOINT_URL_STS'] = sts.url;
    process.env['AWS_REGION'] = 'eu-central-1';
    process.env['AWS_ROLE_ARN'] = 'arn:aws:iam::123456789012:role/mirror';
    process.env['AWS_WEB_IDENTITY_TOKEN_FILE'] = file('web-identity', 'web-token');
    assert.deepEqual(await signed(), {
      key: 'AKROLE',
      region: 'eu-central-1',
      token: 'role-session',
    });
    assert.match(sts.asked[0]?.body ?? '', /WebIdentityToken=web-token/);
  });

  test('takes what the EKS Pod Identity agent gives', async () => {
    const agent = await tokenServer(
      '{"AccessKeyId":"AKPOD","SecretAccessKey":"s","Token":"pod","Expiration":"2099-01-01T00:00:00Z"}',
      'application/json',
    );
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${agent.url}/v1/credentials`;
    process.env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] = file('pod-token', 'pod-token');
    process.env['AWS_REGION'] = 'eu-central-1';
    const { key, token } = await signed();
    assert.deepEqual({ key, token }, { key: 'AKPOD', token: 'pod' });
    assert.equal(agent.asked[0]?.request.headers.authorization, 'pod-token');
  });

  test('assumes the role that a component names', async () => {
    const sts = await tokenServer(assumed('AssumeRole'), 'text/xml');
    process.env['AWS_ENDPOINT_URL_STS'] = sts.url;
    const { key, token } = await signed({
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKBASE', secretAccessKey: new Secret('s') },
      assumeRole: { arn: 'arn:aws:iam::123456789012:role/maps', sessionName: 'nightly' },
    });
    assert.deepEqual({ key, token }, { key: 'AKROLE', token: 'role-session' });
    const [question] = sts.asked;
    assert.match(String(question?.request.headers.authorization), /Credential=AKBASE\//);
    assert.match(question?.body ?? '', /RoleSessionName=nightly/);
  });

  test('says so where there are none', async () => {
    await assert.rejects(signed({ region: 'eu-central-1' }), /no credentials were found: set AWS_/);
  });

  test('goes through the proxy of the environment, but not to this machine', async () => {
    const credentials = { accessKeyId: 'AK', secretAccessKey: new Secret('s') };
    const proxied = { endpoint: 'http://s3.corp.example', credentials };
    await signed(proxied, { HTTP_PROXY: s3.url });
    assert.match(s3.requests[0]?.url ?? '', /^http:\/\/s3\.corp\.example\/maps\/map\.yaml/);
    await signed({ credentials }, { HTTP_PROXY: 'http://127.0.0.1:1' });
  });
});

describe('Google Cloud Storage without credentials of its own', () => {
  let gcs: FakeGcsServer;
  before(async () => {
    gcs = await FakeGcsServer.start();
    gcs.createBucket('maps');
  });
  after(() => gcs.stop());

  const open = async () =>
    createGcsStore(
      { kind: 'gs', bucket: 'maps', key: 'map.yaml', endpoint: gcs.url },
      { env: {}, writer: 'test' },
    );

  test('exchanges the token of a federated workload', async () => {
    const sts = await tokenServer(
      '{"access_token":"federated","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","expires_in":3600}',
      'application/json',
    );
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file(
      'federation.json',
      JSON.stringify({
        type: 'external_account',
        audience:
          '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${sts.url}/v1/token`,
        credential_source: { file: file('subject-token', 'subject') },
      }),
    );
    const store = await open();
    assert.equal(await store.read(), undefined);
    await store.write('# 1\n', undefined);
    const authorizations = new Set(gcs.requests.map(({ headers }) => headers.authorization));
    assert.deepEqual([...authorizations], ['Bearer federated']);
    assert.match(sts.asked[0]?.body ?? '', /subject_token=subject/);
  });

  test('says so where there are none', async () => {
    process.env['METADATA_SERVER_DETECTION'] = 'none';
    process.env['HOME'] = folder;
    process.env['CLOUDSDK_CONFIG'] = folder;
    await assert.rejects((await open()).read(), /no credentials were found: .*workload identity/);
  });
});
