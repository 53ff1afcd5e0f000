import assert from 'node:assert/strict';
import { test } from 'node:test';
import { googleSignIn } from '../../../../../src/registry/auth/cloud/google.ts';
import { NoIdentityError } from '../../../../../src/registry/auth/cloud/sign-in.ts';
import { setAmbience } from '../../../../support/ambient.ts';
import { json, startScripted } from '../../../../support/scripted-server.ts';

async function failing(error: Error): Promise<unknown> {
  return googleSignIn(() => {
    throw error;
  })();
}

function answered(status: number): Error {
  return Object.assign(new Error('said'), { status });
}

test('an access token is the password of a fixed user', async () => {
  const signIn = googleSignIn(async () => ({ token: 'ya29', expiresAt: 2_000_000_000_000 }));
  const { credential, expiresAt } = await signIn();
  assert(credential.kind === 'basic');
  assert.deepEqual(
    [credential.username, credential.password.reveal()],
    ['oauth2accesstoken', 'ya29'],
  );
  assert.equal(expiresAt, 2_000_000_000_000);
});

test('a token that does not say when it expires is soon renewed', async () => {
  const { expiresAt } = await googleSignIn(async () => ({ token: 'ya29', expiresAt: null }))();
  assert(Math.abs(expiresAt - Date.now() - 10 * 60_000) < 10_000);
});

test('no token is none', async () => {
  const signIn = googleSignIn(async () => ({ token: null, expiresAt: undefined }));
  await assert.rejects(signIn(), { code: 'REGISTRY_REFUSED' });
});

test('what Google says is told apart: no identity, refused, passing', async () => {
  await assert.rejects(
    failing(new Error('Could not load the default credentials. Browse to https://cloud…')),
    NoIdentityError,
  );
  await assert.rejects(failing(new Error('invalid_grant: Bad Request')), {
    code: 'REGISTRY_UNAUTHORIZED',
    message: /^signing in at Google failed: invalid_grant: Bad Request; check the credentials/,
  });
  await assert.rejects(failing(answered(403)), { code: 'REGISTRY_UNAUTHORIZED' });
  for (const passing of [answered(429), answered(500), new Error('connect ECONNREFUSED')]) {
    await assert.rejects(failing(passing), { code: 'REGISTRY_UNAVAILABLE', retryable: true });
  }
});

test('the token of a federated workload is found, and kept while it is good', async (t) => {
  const sts = await startScripted(t, () =>
    json(200, {
      access_token: 'federated',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3600,
    }),
  );
  setAmbience(t, ({ file }) => ({
    GOOGLE_APPLICATION_CREDENTIALS: file(
      'federation.json',
      JSON.stringify({
        type: 'external_account',
        audience:
          '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${sts.url}/v1/token`,
        credential_source: { file: file('subject-token', 'subject') },
      }),
    ),
  }));
  const signIn = googleSignIn();
  const { credential, expiresAt } = await signIn();
  assert(credential.kind === 'basic');
  assert.equal(credential.password.reveal(), 'federated');
  assert(Math.abs(expiresAt - Date.now() - 3_600_000) < 10_000);
  await signIn();
  assert.equal(sts.requests.length, 1);
  assert.match(sts.requests[0]?.body.toString() ?? '', /scope=.*cloud-platform/);
});

test('the identity of the metadata server is found', async (t) => {
  const server = await startScripted(t, ({ path }) => {
    const flavor = { 'metadata-flavor': 'Google' };
    return path.includes('/token')
      ? json(200, { access_token: 'metadata', expires_in: 3599, token_type: 'Bearer' }, flavor)
      : { status: 200, headers: flavor, body: '' };
  });
  setAmbience(t, () => ({ GCE_METADATA_HOST: server.host, METADATA_SERVER_DETECTION: '' }));
  const { credential } = await googleSignIn()();
  assert(credential.kind === 'basic');
  assert.equal(credential.password.reveal(), 'metadata');
});

test('a workload that nobody knows has no identity', async (t) => {
  setAmbience(t, () => ({}));
  await assert.rejects(googleSignIn()(), NoIdentityError);
});
