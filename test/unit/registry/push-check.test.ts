import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import { createRegistries } from '../../../src/registry/client.ts';
import { Secret } from '../../../src/secret.ts';
import { startRegistry } from '../../support/registry/server.ts';

const env = { DOCKER_CONFIG: '/nonexistent' };

test('the right to push is proved by an upload that is begun and given up', async (t) => {
  const registry = await startRegistry();
  t.after(async () => registry.close());
  const { host } = registry;
  const registries = createRegistries({ hosts: { [host]: { plainHttp: true } }, env });
  t.after(() => registries.close());

  await registries.checkPush({ registry: host, repository: 'atlan/teradata' });

  const sent = registry.requests.filter(({ status }) => status !== 401);
  assert.deepEqual(
    sent.map(({ method }) => method),
    ['POST', 'DELETE'],
  );
  assert.equal(registry.openUploads, 0);
});

test('without the right it says where, and who one was', async (t) => {
  const registry = await startRegistry({ auth: { kind: 'basic', users: { ci: 'right' } } });
  t.after(async () => registry.close());
  const { host } = registry;
  const hosts = { [host]: { plainHttp: true, username: 'ci', password: new Secret('wrong') } };
  const registries = createRegistries({ hosts, env });
  t.after(() => registries.close());

  await assert.rejects(
    registries.checkPush({ registry: host, repository: 'atlan/teradata' }),
    (error: unknown) => {
      assert.ok(error instanceof RegistryError);
      assert.equal(error.code, 'REGISTRY_UNAUTHORIZED');
      assert.equal(error.side, 'target');
      assert.match(error.message, /begin an upload into 127\.0\.0\.1:\d+\/atlan\/teradata/);
      assert.match(error.message, /registries: in the configuration/);
      return true;
    },
  );
});
