import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { RegistryError } from '../../../src/errors.ts';
import { atTag } from '../../../src/registry/reference.ts';
import { openRegistries } from '../../support/scripted-registries.ts';

const TAG = atTag({ registry: 'registry.example', repository: 'acme/app' }, '1');

/** A proxy that makes no tunnel, whoever asks. */
async function closedProxy(t: TestContext): Promise<string> {
  const server = createServer();
  server.on('connect', (_request, socket) => {
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the password of a proxy that makes no tunnel is in nothing that is shown', async (t) => {
  const proxy = await closedProxy(t);
  const { source, records } = openRegistries(
    t,
    { 'registry.example': { plainHttp: false } },
    { env: { HTTPS_PROXY: `http://me:hunter2@${proxy}` } },
  );
  await assert.rejects(source.head(TAG), (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.code, 'REGISTRY_UNAVAILABLE');
    assert.match(
      error.message,
      /the proxy does not let it through; check the proxy of HTTPS_PROXY/,
    );
    assert.doesNotMatch(inspect([error, records], { depth: 10, showHidden: true }), /hunter2/);
    return true;
  });
});
