import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { RegistryError } from '../../../../../src/errors.ts';
import {
  amazonApi,
  type AmazonApi,
  type AmazonRegistry,
} from '../../../../../src/registry/auth/cloud/amazon.ts';
import { NoIdentityError } from '../../../../../src/registry/auth/cloud/sign-in.ts';
import { setAmbience, type Ambience } from '../../../../support/ambient.ts';
import { startNamedHosts } from '../../../../support/named-hosts.ts';
import {
  json,
  startScripted,
  type Script,
  type ScriptedAnswer,
  type ScriptedServer,
} from '../../../../support/scripted-server.ts';

const REGISTRY: AmazonRegistry = {
  cloud: 'amazon',
  account: '123456789012',
  region: 'eu-west-1',
  fips: false,
  dualStack: false,
};
const EXPIRES = 2_000_000_000;
const KEYS = { AWS_ACCESS_KEY_ID: 'AKENV', AWS_SECRET_ACCESS_KEY: 'the-secret' };

function token(): ScriptedAnswer {
  const authorizationToken = Buffer.from('AWS:one:password').toString('base64');
  return json(200, { authorizationData: [{ authorizationToken, expiresAt: EXPIRES }] });
}

function refused(type: string, message: string): ScriptedAnswer {
  return json(400, { __type: `com.amazonaws.ecr#${type}`, message });
}

async function setUp(
  t: TestContext,
  script: Script,
  env: (ambience: Ambience) => Readonly<Record<string, string>> = () => KEYS,
): Promise<{ readonly server: ScriptedServer; readonly api: AmazonApi }> {
  const server = await startScripted(t, script);
  setAmbience(t, (ambience) => ({ AWS_ENDPOINT_URL_ECR: server.url, ...env(ambience) }));
  return { server, api: amazonApi(REGISTRY, {}) };
}

test('the token is that of the identity in the environment, signed for the region', async (t) => {
  const { server, api } = await setUp(t, token);
  const { credential, expiresAt } = await api.signIn();
  assert(credential.kind === 'basic');
  assert.deepEqual([credential.username, credential.password.reveal()], ['AWS', 'one:password']);
  assert.equal(expiresAt, EXPIRES * 1000);
  const [request] = server.requests;
  assert.match(String(request?.headers['x-amz-target']), /\.GetAuthorizationToken$/);
  assert.match(
    String(request?.headers.authorization),
    /^AWS4-HMAC-SHA256 Credential=AKENV\/\d{8}\/eu-west-1\/ecr\/aws4_request/,
  );
});

test('the identity of a pod is found (EKS Pod Identity)', async (t) => {
  const agent = await startScripted(t, () =>
    json(200, {
      AccessKeyId: 'AKPOD',
      SecretAccessKey: 's',
      Token: 'pod',
      Expiration: '2099-01-01T00:00:00Z',
    }),
  );
  const { server, api } = await setUp(t, token, ({ file }) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.url}/v1/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file('pod-token', 'pod-token'),
  }));
  await api.signIn();
  assert.match(String(server.requests[0]?.headers.authorization), /Credential=AKPOD\//);
  assert.equal(server.requests[0]?.headers['x-amz-security-token'], 'pod');
});

test('the role of a service account is found (IRSA), in the region of the registry', async (t) => {
  const credentials =
    '<AccessKeyId>AKROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>role</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>';
  const result = `<AssumeRoleWithWebIdentityResult><Credentials>${credentials}</Credentials></AssumeRoleWithWebIdentityResult>`;
  const sts = await startScripted(t, () => ({
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}</AssumeRoleWithWebIdentityResponse>`,
  }));
  const { server, api } = await setUp(t, token, ({ file }) => ({
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/mirror',
    AWS_WEB_IDENTITY_TOKEN_FILE: file('web-identity', 'web-token'),
  }));
  await api.signIn();
  assert.match(String(server.requests[0]?.headers.authorization), /Credential=AKROLE\//);
  assert.match(sts.requests[0]?.body.toString() ?? '', /WebIdentityToken=web-token/);
});

test('a workload without an identity is told apart from one that is refused', async (t) => {
  const { server, api } = await setUp(t, token, () => ({}));
  await assert.rejects(api.signIn(), (error) => {
    assert(error instanceof NoIdentityError);
    assert.match(error.message, /^AWS gives this workload no identity: /);
    return true;
  });
  assert.equal(server.requests.length, 0);
});

test('a refusal names the right it takes, and no secret', async (t) => {
  const { api } = await setUp(t, () =>
    refused('AccessDeniedException', 'User: arn:aws:iam::1:user/ci is not authorized'),
  );
  await assert.rejects(api.signIn(), (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.code, 'REGISTRY_UNAUTHORIZED');
    assert.match(
      error.message,
      /^signing in at ECR in eu-west-1 failed: AccessDeniedException: .*user\/ci.*the right ecr:GetAuthorizationToken$/,
    );
    assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /the-secret|AWS4-HMAC/);
    return true;
  });
});

test('an answer without a token is no token', async (t) => {
  const { api } = await setUp(t, () => json(200, { authorizationData: [] }));
  await assert.rejects(api.signIn(), { code: 'REGISTRY_REFUSED' });
});

test('what passes is tried again, then said to pass', async (t) => {
  let failures = 1;
  const { server, api } = await setUp(t, () => {
    failures -= 1;
    return failures >= 0 ? json(500, { __type: 'ServerException' }) : token();
  });
  await api.signIn();
  assert.equal(server.requests.length, 2);
  failures = 100;
  await assert.rejects(api.signIn(), { code: 'REGISTRY_UNAVAILABLE', retryable: true });
});

test('a repository is created with the settings of the account', async (t) => {
  const { server, api } = await setUp(t, () => json(200, { repository: {} }));
  assert.equal(await api.createRepository('atlan/app'), true);
  const [request] = server.requests;
  assert.match(String(request?.headers['x-amz-target']), /\.CreateRepository$/);
  assert.deepEqual(JSON.parse(request?.body.toString() ?? ''), {
    registryId: '123456789012',
    repositoryName: 'atlan/app',
  });
});

test('a repository that somebody else created meanwhile is no failure', async (t) => {
  const { api } = await setUp(t, () => refused('RepositoryAlreadyExistsException', 'exists'));
  assert.equal(await api.createRepository('atlan/app'), false);
});

test('a repository that may not be created is an error that says how to', async (t) => {
  const { api } = await setUp(t, () => refused('AccessDeniedException', 'not authorized'));
  await assert.rejects(api.createRepository('atlan/app'), {
    code: 'REGISTRY_UNAUTHORIZED',
    message:
      /^creating the repository atlan\/app at ECR in eu-west-1 failed: .*the right ecr:CreateRepository$/,
  });
});

test('an abandoned sign-in is no failure', async (t) => {
  const { api } = await setUp(t, () => 'silent');
  const reason = new Error('SIGTERM');
  await assert.rejects(api.signIn({ signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' });
  await assert.rejects(api.signIn({ signal: AbortSignal.abort(reason) }), reason);
});

test('the API is that of the registry’s own kind, behind the proxy and the authorities', async (t) => {
  const names = [
    'api.ecr.eu-west-1.amazonaws.com',
    'api.ecr-fips.us-east-1.amazonaws.com',
    'ecr.eu-west-1.api.aws',
    'api.ecr.cn-north-1.amazonaws.com.cn',
  ];
  const hosts = await startNamedHosts(t, names, token);
  setAmbience(t, () => KEYS);
  const env = { HTTPS_PROXY: hosts.proxy, AWS_CA_BUNDLE: hosts.caFile };
  for (const registry of [
    REGISTRY,
    { ...REGISTRY, region: 'us-east-1', fips: true },
    { ...REGISTRY, dualStack: true },
    { ...REGISTRY, region: 'cn-north-1' },
  ]) {
    await amazonApi(registry, env).signIn();
  }
  assert.deepEqual(
    hosts.wanted,
    names.map((name) => `${name}:443`),
  );
});
