import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import https from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { requireServer } from '../../support/servers/binaries.ts';
import { startDistribution3, startDockerRegistry } from '../../support/servers/distribution.ts';
import { startOlareg } from '../../support/servers/olareg.ts';

const registries = [
  { name: 'docker-registry', start: startDockerRegistry },
  { name: 'distribution3', start: startDistribution3 },
  { name: 'olareg', start: startOlareg },
] as const;

for (const { name, start } of registries) {
  test(`${name} answers over http`, async (t) => {
    if (!requireServer(t, name)) return;
    const registry = await start();
    t.after(registry.stop);

    const response = await fetch(`${registry.url}/v2/`);

    assert.equal(response.status, 200);
  });

  test(`${name} answers over https to whoever trusts its certificate`, async (t) => {
    if (!requireServer(t, name, 'openssl')) return;
    const registry = await start({ tls: true });
    t.after(registry.stop);
    assert.ok(registry.ca);

    const question = https.get(`${registry.url}/v2/`, {
      agent: false,
      ca: await readFile(registry.ca),
    });
    const [answer] = (await once(question, 'response')) as [IncomingMessage];
    answer.resume();

    assert.equal(answer.statusCode, 200);
    await assert.rejects(fetch(`${registry.url}/v2/`));
  });
}

test('docker-registry lets in the one user it knows, and counts who asked', async (t) => {
  if (!requireServer(t, 'docker-registry', 'htpasswd')) return;
  const registry = await startDockerRegistry({ htpasswd: { user: 'ci', password: 'right' } });
  t.after(registry.stop);

  const status = async (password: string): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`ci:${password}`).toString('base64')}`;
    return (await fetch(`${registry.url}/v2/?as=${password}`, { headers: { authorization } }))
      .status;
  };

  assert.equal(await status('right'), 200);
  assert.equal(await status('wrong'), 401);
  assert.deepEqual(
    (await registry.requests()).map((request) => [request.method, request.uri, request.status]),
    [
      ['GET', '/v2/?as=right', 200],
      ['GET', '/v2/?as=wrong', 401],
    ],
  );
});
