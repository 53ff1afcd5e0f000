import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../src/errors.ts';
import { Hosts } from '../../../src/registry/hosts.ts';

test("Docker Hub's API answers on another host", () => {
  const hosts = new Hosts({ 'index.docker.io': { username: 'u' } });
  assert.equal(hosts.apiUrl('docker.io').href, 'https://registry-1.docker.io/');
  assert.equal(hosts.ofRegistry('docker.io').username, 'u');
  assert.equal(hosts.ofUrl(new URL('https://registry-1.docker.io/v2/'))?.username, 'u');
});

test('https unless the operator says otherwise', () => {
  const hosts = new Hosts({ '127.0.0.1:5000': { plainHttp: true } });
  assert.equal(hosts.apiUrl('127.0.0.1:5000').href, 'http://127.0.0.1:5000/');
  assert.equal(hosts.apiUrl('127.0.0.1:5001').href, 'https://127.0.0.1:5001/');
  assert.equal(hosts.apiUrl('[::1]:5000').href, 'https://[::1]:5000/');
});

test('settings belong to one host and port', () => {
  const hosts = new Hosts({ 'Registry.Example:443': { username: 'u' } });
  assert.equal(hosts.ofRegistry('registry.example:443').username, 'u');
  assert.equal(hosts.ofUrl(new URL('https://registry.example/x'))?.username, 'u');
  assert.equal(hosts.ofUrl(new URL('http://registry.example/x')), undefined);
  assert.equal(hosts.ofUrl(new URL('https://registry.example:8443/')), undefined);
  assert.deepEqual(hosts.ofRegistry('other.example'), {});
});

test('what is more than a host is refused', () => {
  for (const host of ['https://a.example', 'a.example/path', 'user@a.example', 'a.example?x', '']) {
    assert.throws(() => new Hosts({ [host]: {} }), ConfigError, host);
  }
});
