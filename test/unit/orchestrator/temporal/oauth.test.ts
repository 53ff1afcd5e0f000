import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { ControlPlaneError } from '../../../../src/errors.ts';
import { createOAuthTokens } from '../../../../src/orchestrator/temporal/oauth.ts';
import type { TokenSource } from '../../../../src/orchestrator/temporal/tokens.ts';
import { Secret } from '../../../../src/secret.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';
import {
  json,
  startScripted,
  type Script,
  type ScriptedServer,
} from '../../../support/scripted-server.ts';
import { jwt } from '../../../support/temporal/jwt.ts';

const SECRET = 'the-secret-itself';
const MINUTE = 60_000;

interface Scene {
  readonly tokens: TokenSource;
  readonly server: ScriptedServer;
  readonly clock: FakeClock;
}

async function scene(t: TestContext, script: Script): Promise<Scene> {
  const server = await startScripted(t, script);
  const clock = new FakeClock();
  const tokens = createOAuthTokens({
    url: new URL(`${server.url}/token`),
    clientId: 'prod-client',
    clientSecret: new Secret(SECRET),
    env: {},
    clock,
    timeoutMs: 2_000,
  });
  return { tokens, server, clock };
}

/** Gives out tokens of fifteen minutes: `1`, `2`, … */
function tokenService(): Script {
  let count = 0;
  return () => {
    count += 1;
    return json(200, { access_token: jwt({ iat: 1_000, exp: 1_900, jti: String(count) }) });
  };
}

function number(token: { readonly value: Secret }): string {
  const [, claims = ''] = token.value.reveal().split('.');
  return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { jti: string }).jti;
}

/** The error of a call that must fail; whatever it says, the secret is not in it. */
async function refusal(tokens: TokenSource): Promise<ControlPlaneError> {
  const error = await tokens.token().then(
    () => assert.fail('got a token'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ControlPlaneError, String(error));
  assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes(SECRET), 'the secret leaked');
  return error;
}

test('asks with client credentials in the body, and nowhere else', async (t) => {
  const { tokens, server } = await scene(t, tokenService());
  assert.equal(number(await tokens.token()), '1');
  const [request] = server.requests;
  assert.equal(request?.method, 'POST');
  assert.equal(request.path, '/token');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request.body.toString())), {
    grant_type: 'client_credentials',
    client_id: 'prod-client',
    client_secret: SECRET,
  });
  assert.ok(!JSON.stringify(request.headers).includes(SECRET));
});

test('a token is kept until it is time for the next, and all who wait share one question', async (t) => {
  const { tokens, server, clock } = await scene(t, tokenService());
  await Promise.all([tokens.token(), tokens.token(), tokens.token()]);
  clock.advance(5 * MINUTE - 1);
  assert.equal(number(await tokens.token()), '1');
  clock.advance(1);
  assert.equal(number(await tokens.token()), '2');
  assert.equal(server.requests.length, 2);
});

test('a valid token survives the failure of the service, which is asked again after 30 s', async (t) => {
  let isDown = false;
  const give = tokenService();
  const { tokens, server, clock } = await scene(t, (r) => (isDown ? json(503, {}) : give(r)));
  await tokens.token();
  isDown = true;
  clock.advance(6 * MINUTE);
  assert.equal(number(await tokens.token()), '1');
  clock.advance(29_999);
  assert.equal(number(await tokens.token()), '1');
  assert.equal(server.requests.length, 2);
  isDown = false;
  clock.advance(1);
  assert.equal(number(await tokens.token()), '2');
});

test('an expired token is not given out', async (t) => {
  let isDown = false;
  const give = tokenService();
  const { tokens, clock } = await scene(t, (r) => (isDown ? 'cut' : give(r)));
  await tokens.token();
  isDown = true;
  clock.advance(15 * MINUTE);
  assert.equal((await refusal(tokens)).code, 'TOKEN_UNAVAILABLE');
});

test('a token that somebody refused is replaced; one that was replaced already is not', async (t) => {
  const { tokens } = await scene(t, tokenService());
  const first = await tokens.token();
  tokens.refused(first);
  const second = await tokens.token();
  assert.equal(number(second), '2');
  tokens.refused(first);
  assert.equal(await tokens.token(), second);
});

test('who stops waiting leaves; the question goes on for the others', async (t) => {
  const answer = Promise.withResolvers<void>();
  const give = tokenService();
  const { tokens, server } = await scene(t, async (request) => {
    await answer.promise;
    return give(request);
  });
  const leaving = new AbortController();
  const left = tokens.token({ signal: leaving.signal });
  const stays = tokens.token();
  leaving.abort(new Error('enough'));
  await assert.rejects(left, /enough/);
  answer.resolve();
  assert.equal(number(await stays), '1');
  assert.equal(server.requests.length, 1);
});

describe('answers that are no token say what to do', () => {
  const cases: readonly (readonly [string, Script, ControlPlaneError['code'], RegExp])[] = [
    [
      'a wrong pair',
      () => json(401, { error: 'invalid_client', error_description: `not ${SECRET}` }),
      'TOKEN_REFUSED',
      /answered 401, saying "invalid_client: not \[secret\]" to client "prod-client"\. .*check client_id and client_secret/,
    ],
    ['a wrong tenant', () => json(404, {}), 'TOKEN_REFUSED', /no such tenant: check atlan\.domain/],
    ['too many', () => json(429, {}), 'TOKEN_UNAVAILABLE', /asked again/],
    [
      'a sign-in page',
      () => ({ status: 200, body: '<html>' }),
      'TOKEN_UNAVAILABLE',
      /That is no JSON/,
    ],
    ['no token in it', () => json(200, { token: 'x' }), 'TOKEN_UNAVAILABLE', /no access_token/],
    [
      'a redirect, which is not followed',
      () => json(302, {}, { location: 'https://elsewhere.example/' }),
      'TOKEN_UNAVAILABLE',
      /sends elsewhere, where the secret is not sent/,
    ],
    ['a cut connection', () => 'cut', 'TOKEN_UNAVAILABLE', /the connection was cut/],
    [
      'something endless',
      () => ({ status: 200, body: 'x'.repeat(1_100_000) }),
      'TOKEN_UNAVAILABLE',
      /more than 1048576 bytes/,
    ],
  ];
  for (const [what, script, code, message] of cases) {
    test(what, async (t) => {
      const { tokens, server } = await scene(t, script);
      const error = await refusal(tokens);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.equal(error.retryable, true);
      assert.equal(server.requests.length, 1);
    });
  }
});
