import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  assertAllowedLiteral,
  ForbiddenAddressError,
  guardedLookup,
  isForbiddenAddress,
} from '../../../../src/registry/http/address-guard.ts';

const FORBIDDEN = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '239.255.255.255',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8', // mapped: no name resolves to it honestly
  '::7f00:1',
  '64:ff9b::7f00:1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::1',
  'fe80::1',
  'fe80::1%eth0',
  'fc00::1',
  'fd12:3456::1',
  'fec0::1',
  'ff02::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  'not an address',
  '',
];
const ALLOWED = [
  '1.1.1.1',
  '8.8.8.8',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.255.255',
  '172.32.0.1',
  '192.169.0.1',
  '2606:4700:4700::1111',
  '2a00:1450:4001::5e',
  '64:ff9b::808:808',
];

test('addresses inside a network are told from public ones', () => {
  for (const address of FORBIDDEN) assert.equal(isForbiddenAddress(address), true, address);
  for (const address of ALLOWED) assert.equal(isForbiddenAddress(address), false, address);
});

test('an address carried inside IPv6 is judged like itself, or refused', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      assert.equal(isForbiddenAddress(`::ffff:${address}`), true);
      assert.equal(isForbiddenAddress(`64:ff9b::${address}`), isForbiddenAddress(address));
    }),
  );
});

test('an address written into the URL is refused, however it is written', () => {
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '017700000001',
    '[::1]',
    '[::ffff:169.254.169.254]',
    '169.254.169.254.',
  ]) {
    assert.throws(() => assertAllowedLiteral(new URL(`https://${host}/x`)), ForbiddenAddressError);
  }
  assertAllowedLiteral(new URL('https://8.8.8.8/'));
  assertAllowedLiteral(new URL('https://localhost/')); // a name: the lookup judges it
});

function resolver(...addresses: readonly string[]): LookupFunction {
  return (_host, options, callback) => {
    assert.equal(options.all, true, 'every address has to be judged');
    callback(
      null,
      addresses.map((address) => ({ address, family: isIP(address) })),
    );
  };
}

const failing: LookupFunction = (_host, _options, callback) => {
  callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), '');
};

async function lookUp(
  lookup: LookupFunction,
  all: boolean,
): Promise<string | readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup('cdn.example', { all }, (error, address) => {
      if (error) reject(error);
      else resolve(address);
    });
  });
}

test('a name is judged by the addresses the connection will use', async () => {
  const lookup = guardedLookup('cdn.example', resolver('93.184.216.34'));
  assert.equal(await lookUp(lookup, false), '93.184.216.34');
  assert.deepEqual(await lookUp(lookup, true), [{ address: '93.184.216.34', family: 4 }]);
  await assert.rejects(
    lookUp(guardedLookup('cdn.example', resolver('169.254.169.254')), true),
    (error: Error) => {
      assert(error instanceof ForbiddenAddressError);
      assert.match(error.message, /cdn\.example, whose address 169\.254\.169\.254/);
      assert.match(error.message, /registries: \{ "cdn\.example": \{\} \}/);
      return true;
    },
  );
});

test('one forbidden address among public ones is enough', async () => {
  const lookup = guardedLookup('cdn.example', resolver('93.184.216.34', '::1'));
  await assert.rejects(lookUp(lookup, false), ForbiddenAddressError);
});

test('a name that changes its address between two connections is judged each time', async () => {
  const answers = ['93.184.216.34', '127.0.0.1'];
  const lookup = guardedLookup('cdn.example', (host, options, callback) => {
    resolver(answers.shift() ?? '')(host, options, callback);
  });
  await lookUp(lookup, true);
  await assert.rejects(lookUp(lookup, true), ForbiddenAddressError);
});

test('a resolver that fails or finds nothing stays a failure', async () => {
  await assert.rejects(lookUp(guardedLookup('cdn.example', failing), true), { code: 'ENOTFOUND' });
  await assert.rejects(lookUp(guardedLookup('cdn.example', resolver()), true));
});
