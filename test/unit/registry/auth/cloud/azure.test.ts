import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { RegistryError } from '../../../../../src/errors.ts';
import {
  azureSignIn,
  entraToken,
  type SendForm,
} from '../../../../../src/registry/auth/cloud/azure.ts';
import { NoIdentityError } from '../../../../../src/registry/auth/cloud/sign-in.ts';
import { setAmbience } from '../../../../support/ambient.ts';
import { json, startScripted, type ScriptedAnswer } from '../../../../support/scripted-server.ts';

const REGISTRY = {
  cloud: 'azure',
  host: 'acme.azurecr.io',
  scope: 'https://containerregistry.azure.net/.default',
} as const;

function jwt(claims: object): string {
  return ['{}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
}

function answering({ status, body = '' }: ScriptedAnswer, seen: string[] = []): SendForm {
  return async (path, form) => {
    seen.push(`${path} ${form.toString()}`);
    const url = new URL(path, 'https://acme.azurecr.io');
    return { status, headers: {}, url, body: Buffer.from(body), stream: undefined };
  };
}

function named(name: string, more: object = {}): Error {
  return Object.assign(new Error('AADSTS70021: no match\nTrace ID: 1'), { name, ...more });
}

async function failing(error: Error): Promise<unknown> {
  const token = (): never => {
    throw error;
  };
  return azureSignIn(REGISTRY, token, () => assert.fail('there is nothing to exchange'))();
}

test('a token of Entra is exchanged at the registry for one of its own', async () => {
  const seen: string[] = [];
  const scopes: string[] = [];
  const refreshToken = jwt({ exp: 2_000_000_000 });
  const signIn = azureSignIn(
    REGISTRY,
    async (scope) => {
      scopes.push(scope);
      return 'entra token';
    },
    answering(json(200, { refresh_token: refreshToken }), seen),
  );
  const { credential, expiresAt } = await signIn();
  assert(credential.kind === 'identity');
  assert.equal(credential.identityToken.reveal(), refreshToken);
  assert.equal(expiresAt, 2_000_000_000_000);
  assert.deepEqual(scopes, ['https://containerregistry.azure.net/.default']);
  assert.deepEqual(seen, [
    '/oauth2/exchange grant_type=access_token&service=acme.azurecr.io&access_token=entra+token',
  ]);
});

test('a token that does not say when it expires is taken to last three hours', async () => {
  const send = answering(json(200, { refresh_token: 'opaque' }));
  const { expiresAt } = await azureSignIn(REGISTRY, async () => 'entra', send)();
  assert(Math.abs(expiresAt - Date.now() - 3 * 3_600_000) < 10_000);
});

test('what the registry says of a token reaches the operator', async () => {
  for (const [answer, code, message] of [
    [
      json(401, { errors: [{ code: 'UNAUTHORIZED', message: 'no' }] }),
      'REGISTRY_UNAUTHORIZED',
      /401 \(UNAUTHORIZED: no\).*AcrPull.*AcrPush/,
    ],
    [json(403, {}), 'REGISTRY_UNAUTHORIZED', /AcrPush/],
    [json(503, {}), 'REGISTRY_UNAVAILABLE', /run again later/],
    [json(429, {}), 'REGISTRY_UNAVAILABLE', /run again later/],
    [json(404, {}), 'REGISTRY_REFUSED', /answered 404/],
    [json(200, {}), 'REGISTRY_REFUSED', /answered 200/],
    [{ status: 200, body: '<html>' }, 'REGISTRY_REFUSED', /answered 200/],
  ] as const) {
    const signIn = azureSignIn(REGISTRY, async () => 'entra secret', answering(answer));
    await assert.rejects(signIn(), (error) => {
      assert(error instanceof RegistryError);
      assert.equal(error.code, code);
      assert.match(error.message, /^signing in at acme\.azurecr\.io failed: /);
      assert.match(error.message, message);
      assert.doesNotMatch(inspect(error, { depth: 10 }), /entra secret/);
      return true;
    });
  }
});

test('what Entra says is told apart: no identity, refused, passing', async () => {
  await assert.rejects(failing(named('AggregateAuthenticationError')), NoIdentityError);
  await assert.rejects(failing(named('CredentialUnavailableError')), NoIdentityError);
  await assert.rejects(failing(named('AuthenticationError', { statusCode: 400 })), {
    code: 'REGISTRY_UNAUTHORIZED',
    message: 'signing in at acme.azurecr.io failed: AADSTS70021: no match',
  });
  await assert.rejects(failing(named('AuthenticationError', { statusCode: 429 })), {
    code: 'REGISTRY_UNAVAILABLE',
  });
  await assert.rejects(failing(named('Error', { code: 'ENOTFOUND' })), {
    code: 'REGISTRY_UNAVAILABLE',
  });
});

test('the managed identity of this workload is found', async (t) => {
  const server = await startScripted(t, () =>
    json(200, {
      access_token: 'managed',
      resource: 'r',
      token_type: 'Bearer',
      expires_on: String(Math.floor(Date.now() / 1000) + 3600),
    }),
  );
  setAmbience(t, () => ({
    IDENTITY_ENDPOINT: `${server.url}/msi/token`,
    IDENTITY_HEADER: 'the-header',
  }));
  assert.equal(await entraToken({})(REGISTRY.scope), 'managed');
  const [request] = server.requests;
  assert.equal(request?.headers['x-identity-header'], 'the-header');
  assert.match(request?.path ?? '', /resource=https%3A%2F%2Fcontainerregistry\.azure\.net/);
});
