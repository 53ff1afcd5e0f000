import assert from 'node:assert/strict';
import { validateHeaderValue } from 'node:http';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ConfigError, RegistryError } from '../../../src/errors.ts';
import { silentLogger } from '../../../src/log.ts';
import { parseContentRange } from '../../../src/registry/http/content-range.ts';
import { HostBudget, PausedTooLongError } from '../../../src/registry/http/limits.ts';
import { parseRetryAfter } from '../../../src/registry/http/retry-after.ts';
import { CredentialHolder } from '../../../src/registry/auth/credential-holder.ts';
import { parseHelperAnswer } from '../../../src/registry/auth/credential-helper.ts';
import { tokenOf } from '../../../src/registry/auth/cloud/amazon.ts';
import { azureSignIn } from '../../../src/registry/auth/cloud/azure.ts';
import { googleSignIn } from '../../../src/registry/auth/cloud/google.ts';
import type { CloudToken } from '../../../src/registry/auth/cloud/sign-in.ts';
import {
  parseDockerConfig,
  type StoredCredential,
} from '../../../src/registry/auth/docker-config.ts';
import { basicHeader } from '../../../src/registry/auth/token-service.ts';
import { atTag } from '../../../src/registry/reference.ts';
import { Secret } from '../../../src/secret.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { openRegistries } from '../../support/scripted-registries.ts';
import { startScripted } from '../../support/scripted-server.ts';

const NOW = Date.UTC(2026, 0, 1);
const SECRET = 'hunter2-precious';

const digits = fc.stringMatching(/^\d{1,20}$/);
const date = fc
  .date({ noInvalidDate: true })
  .map((moment) => moment.toUTCString())
  .chain((text) => fc.constantFrom(text, text.replace('GMT', 'UTC'), text.replace(',', '')));
const retryAfter = fc.oneof(
  digits,
  fc.constant('9'.repeat(400)),
  fc.tuple(digits, digits).map((parts) => parts.join('.')),
  date,
  fc.tuple(fc.constantFrom('Thu, ', 'Thursday, '), fc.string()).map((parts) => parts.join('')),
  fc.string(),
);

test('any Retry-After is a wait that ends, and that the host’s budget can tell of', async () => {
  await fc.assert(
    fc.asyncProperty(retryAfter, fc.constantFrom(0, NOW, 8e15), async (value, now) => {
      const wait = parseRetryAfter(value, now);
      if (wait === undefined) return;
      assert.ok(wait >= 0 && Number.isFinite(wait), String(wait));
      const clock = new FakeClock();
      const budget = new HostBudget('r.io', {
        clock,
        logger: silentLogger,
        window: 2,
        maxPauseMs: 900_000,
      });
      const ticket = await budget.enter();
      budget.refused(ticket, wait, 'it answered 429');
      ticket.release();
      await budget.enter().then(
        () => assert.ok(clock.now() >= NOW),
        (error: unknown) => assert.ok(error instanceof PausedTooLongError, String(error)),
      );
    }),
  );
});

test('a Content-Range is the part that it was written for, or none', () => {
  const position = fc.oneof(fc.nat(20), fc.maxSafeNat());
  fc.assert(
    fc.property(position, position, fc.option(position), (start, end, total) => {
      const range = parseContentRange(`bytes ${start}-${end}/${total ?? '*'}`);
      const isPart = start <= end && (total === null || end < total);
      assert.deepEqual(range, isPart ? { start, end, total: total ?? undefined } : undefined);
    }),
  );
  const piece = fc.constantFrom(
    ...'bytes = - / * 0 1 99999999999999999999 -1 1e3 ,'.split(' '),
    ' ',
  );
  const header = fc.oneof(
    fc.array(piece).map((pieces) => pieces.join('')),
    fc.string(),
    fc.tuple(digits, digits, digits).map(([a, b, c]) => `bytes ${a}-${b}/${c}`),
  );
  fc.assert(
    fc.property(header, (text) => {
      const { start, end, total = Infinity } = parseContentRange(text) ?? { start: 0, end: 0 };
      assert.ok(0 <= start && start <= end && end < total && Number.isSafeInteger(end), text);
    }),
  );
});

test('any output of a credential helper is a credential, none, or an error that repeats nothing', () => {
  const value = fc.oneof(fc.constant(SECRET), fc.jsonValue(), fc.string());
  const answer = fc.record(
    { ServerURL: value, Username: value, Secret: value, __proto__: value },
    { requiredKeys: [] },
  );
  const output = fc.oneof(
    answer.map((each) => JSON.stringify(each)),
    fc.json(),
    fc.string(),
    fc.constantFrom(SECRET, `{"Username":"u","Secret":"${SECRET}`, '{"Secret":'),
  );
  fc.assert(
    fc.property(output, (text) => {
      try {
        const credential = parseHelperAnswer(text, 'docker-credential-test', 'r.io');
        if (credential !== undefined) assertSendable(credential);
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        assert.ok(!error.message.includes(SECRET), error.message);
      }
    }),
  );
});

test('whatever docker’s configuration gives can be sent as a header', () => {
  const text = fc.oneof(
    fc.string(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.constantFrom('a\nb', 'a\r\nX: y', 'token '),
  );
  const pair = fc.tuple(text, text).map(([user, password]) => `${user}:${password}`);
  const entry = fc.record(
    {
      auth: fc.oneof(
        text,
        pair.map((each) => Buffer.from(each).toString('base64')),
      ),
      username: text,
      password: text,
      identitytoken: text,
      registrytoken: text,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(entry, (each) => {
      try {
        const { auths } = parseDockerConfig(
          JSON.stringify({ auths: { 'r.io': each } }),
          'config.json',
        );
        for (const credential of auths.values()) assertSendable(credential);
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
      }
    }),
  );
});

/** JSON of any kind, with what clouds call their tokens and their times. */
const moment = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -1, 1e308, -1e308, 1e15, NOW, NOW / 1000),
  fc.jsonValue(),
);

test('any token of a cloud has a time to be renewed at, or is none', async () => {
  const given = async (signIn: () => Promise<CloudToken>): Promise<void> => {
    const clock = new FakeClock();
    let signIns = 0;
    const holder = new CredentialHolder({
      clock,
      find: async () => {
        signIns += 1;
        const { credential, expiresAt } = await signIn();
        return { ...credential, origin: 'a cloud', expiresAt };
      },
    });
    try {
      assertSendable(await holder.current());
      await holder.current();
    } catch (error) {
      assert.ok(error instanceof RegistryError, String(error));
      assert.ok(!error.message.includes(SECRET));
    }
    assert.equal(signIns, 1, 'the cloud is not asked again for each request');
  };
  const word = fc.oneof(fc.constant(SECRET), fc.string(), fc.jsonValue());

  const claims = fc.oneof(
    fc.record({ exp: moment }).map((each) => JSON.stringify(each)),
    fc.constant('{"exp":1e400}'),
    fc.constant('{"exp":-1e400}'),
    fc.string(),
  );
  const jwt = claims.map((each) => `a.${Buffer.from(each).toString('base64url')}.c`);
  const body = fc.oneof(
    fc.record({ refresh_token: fc.oneof(jwt, word) }).map((each) => JSON.stringify(each)),
    fc.json(),
    fc.string(),
  );
  const registry = { cloud: 'azure', host: 'acme.azurecr.io', scope: 'any' } as const;
  const url = new URL('https://acme.azurecr.io/oauth2/exchange');
  await fc.assert(
    fc.asyncProperty(body, fc.constantFrom(200, 200, 400, 401, 500), async (text, status) => {
      const answer = { status, headers: {}, url, body: Buffer.from(text), stream: undefined };
      await given(
        azureSignIn(
          registry,
          async () => SECRET,
          async () => answer,
        ),
      );
    }),
  );

  await fc.assert(
    fc.asyncProperty(
      fc.option(fc.oneof(fc.string(), fc.constant(SECRET)), { nil: undefined }),
      fc.oneof(fc.double(), fc.constantFrom(null, undefined, 0, -1, Number.NaN, -Infinity)),
      async (token, expiresAt) => given(googleSignIn(async () => ({ token, expiresAt }))),
    ),
  );

  const pair = fc.tuple(fc.string(), fc.constantFrom(':', ''), fc.string());
  const data = fc.record(
    {
      authorizationToken: fc.oneof(
        fc.string(),
        pair.map((parts) => Buffer.from(parts.join('')).toString('base64')),
      ),
      expiresAt: fc.date({ noInvalidDate: false }),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(data, { maxLength: 2 }), async (authorizationData) =>
      given(async () => {
        const token = tokenOf({ authorizationData });
        if (token === undefined) throw new RegistryError('REGISTRY_REFUSED', 'no token');
        return token;
      }),
    ),
  );
});

test('any answer of a token service is a token that can be sent, or a refusal that repeats none', async (t) => {
  let body = '';
  const server = await startScripted(t, ({ path, headers }) => {
    if (path.startsWith('/token')) return { status: 200, body };
    if (headers.authorization?.startsWith('Bearer ') === true) return { status: 404 };
    const realm = `Bearer realm="http://${headers.host}/token",service="s"`;
    return { status: 401, headers: { 'www-authenticate': realm } };
  });
  const settings = { username: 'ci', password: new Secret(SECRET) };
  const word = fc.oneof(fc.constantFrom(SECRET, 'a b', 'a\r\nb', ''), fc.string(), fc.jsonValue());
  const answer = fc.record(
    { token: word, access_token: word, expires_in: moment, issued_at: word },
    { requiredKeys: [] },
  );
  const bodies = fc.oneof(
    answer.map((each) => JSON.stringify(each)),
    fc.json(),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(bodies, async (text) => {
      body = text;
      const registries = openRegistries(t, { [server.host]: settings });
      try {
        const head = registries.source.head(atTag({ registry: server.host, repository: 'a' }, '1'));
        assert.equal(await head, undefined);
      } catch (error) {
        assert.ok(error instanceof RegistryError, error instanceof Error ? error.stack : 'none');
        assert.ok(!error.message.includes(SECRET), error.message);
      } finally {
        registries.close();
      }
    }),
    { numRuns: 60 },
  );
});

/** Whatever is in it, no line of another header. */
function assertSendable(credential: StoredCredential | { readonly kind: 'anonymous' }): void {
  if (credential.kind === 'basic') {
    validateHeaderValue(
      'authorization',
      basicHeader(credential.username, credential.password.reveal()),
    );
  } else if (credential.kind === 'registry-token') {
    validateHeaderValue('authorization', `Bearer ${credential.registryToken.reveal()}`);
  }
}
