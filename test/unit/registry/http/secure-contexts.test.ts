import assert from 'node:assert/strict';
import { rootCertificates } from 'node:tls';
import { test } from 'node:test';
import { ConfigError } from '../../../../src/errors.ts';
import { SecureContexts } from '../../../../src/registry/http/secure-contexts.ts';

const [ca = '', other = ''] = rootCertificates;

test('hosts with the same authorities share what was parsed of them', () => {
  const contexts = new SecureContexts();
  const first = contexts.for('source.example', { ca });
  assert.notEqual(first, undefined);
  assert.equal(contexts.for('target.example', { ca, plainHttp: false }), first);
});

test('another authority is another context', () => {
  const contexts = new SecureContexts();
  assert.notEqual(contexts.for('a.example', { ca }), contexts.for('b.example', { ca: other }));
});

test('a host with neither authorities nor a certificate gets what Node has for all', () => {
  assert.equal(new SecureContexts().for('a.example', {}), undefined);
  assert.equal(new SecureContexts().for('a.example'), undefined);
});

test('text that is no certificate is refused by the name of its host', () => {
  assert.throws(
    () => new SecureContexts().for('registry.example', { cert: 'not PEM' }),
    (error) =>
      error instanceof ConfigError &&
      error.message.startsWith('registries: registry.example: ca, cert or key is not usable PEM: '),
  );
});
