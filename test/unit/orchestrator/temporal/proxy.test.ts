import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../../src/errors.ts';
import { temporalProxy } from '../../../../src/orchestrator/temporal/proxy.ts';

const ADDRESS = 'acme-temporal.atlan.com:443';

function goesDirect(address: string, no_proxy: string): boolean {
  return temporalProxy(address, { HTTPS_PROXY: 'http://p:3128', no_proxy }) === undefined;
}

test('without HTTPS_PROXY there is none', () => {
  assert.equal(temporalProxy(ADDRESS, {}), undefined);
  assert.equal(temporalProxy(ADDRESS, { HTTPS_PROXY: '', HTTP_PROXY: 'http://p:1' }), undefined);
});

test('user and password are taken out of the address, decoded', () => {
  assert.deepEqual(temporalProxy(ADDRESS, { HTTPS_PROXY: 'http://proxy.mycompany.com:3128' }), {
    type: 'http-connect',
    targetHost: 'proxy.mycompany.com:3128',
  });
  assert.deepEqual(temporalProxy(ADDRESS, { https_proxy: 'http://me:p%20w@proxy.mycompany.com' }), {
    type: 'http-connect',
    targetHost: 'proxy.mycompany.com:80',
    basicAuth: { username: 'me', password: 'p w' },
  });
});

test('NO_PROXY and loopback go direct', () => {
  assert.ok(goesDirect('127.0.0.1:7233', ''));
  assert.ok(goesDirect('localhost:7233', ''));
  assert.ok(goesDirect('[::1]:7233', ''));
  assert.ok(goesDirect(ADDRESS, '*'));
  assert.ok(goesDirect(ADDRESS, 'mycompany.com, .Atlan.com'));
  assert.ok(goesDirect(ADDRESS, 'atlan.com'));
  assert.ok(goesDirect(ADDRESS, '*.atlan.com:443'));
  assert.ok(!goesDirect(ADDRESS, 'atlan.com:8443'));
  assert.ok(!goesDirect(ADDRESS, 'tlan.com,temporal.atlan.com'));
});

test('a proxy that Temporal cannot use is refused without showing its password', () => {
  for (const HTTPS_PROXY of [
    'https://u:hidden@p:1',
    'p:3128',
    'http://u:hidd%3Aen@p:1',
    'hidden',
  ]) {
    assert.throws(
      () => temporalProxy(ADDRESS, { HTTPS_PROXY }),
      (error) => error instanceof ConfigError && !error.message.includes('hidd'),
      HTTPS_PROXY,
    );
  }
});
