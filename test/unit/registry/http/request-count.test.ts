import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRegistries } from '../../../../src/registry/client.ts';
import { countRequests } from '../../../../src/registry/http/request-count.ts';
import { parseReference, type Reference } from '../../../../src/registry/reference.ts';
import { Secret } from '../../../../src/secret.ts';
import { buildImage, push } from '../../../support/images.ts';
import { startRegistry } from '../../../support/registry/server.ts';

test('each piece of work is told of the requests that were sent for it alone, tokens among them', async (t) => {
  const server = await startRegistry({ auth: { kind: 'bearer', users: { ci: 'password' } } });
  t.after(() => server.close());
  for (const name of ['a', 'b']) {
    push(server.store.repository(name), buildImage({ seed: name }), '1');
  }
  const registries = createRegistries({
    hosts: {
      [server.host]: { plainHttp: true, username: 'ci', password: new Secret('password') },
    },
    env: {},
  });
  t.after(() => registries.close());
  const head = (name: string): Promise<unknown> =>
    registries.target.head(parseReference(`${server.host}/${name}:1`) satisfies Reference);

  const [first, second] = await Promise.all([
    countRequests(async (count) => {
      await head('a');
      await head('a');
      return count.requests;
    }),
    countRequests(async (count) => {
      await head('b');
      return count.requests;
    }),
  ]);
  await head('a');

  // What is counted for nobody is the last one; what was asked is all that the server has seen.
  assert.equal(first + second + 1, server.requests.length);
  assert.ok(first > 2, 'a 401 and a token came before its two');
  assert.ok(second >= 1 && second < server.requests.length - 3);
});
