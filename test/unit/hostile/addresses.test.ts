/**
 * Where a registry's answers may lead: realms, redirects, uploads, the next page. Nothing here connects to
 * anything but the scripted registry: what is refused is refused at the resolver or before.
 */
import assert from 'node:assert/strict';
import { isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { RegistryError } from '../../../src/errors.ts';
import {
  assertAllowedLiteral,
  ForbiddenAddressError,
} from '../../../src/registry/http/address-guard.ts';
import { resolveLocation, withParameter } from '../../../src/registry/http/locations.ts';
import { digestOf } from '../../../src/registry/manifest.ts';
import { atDigest, atTag } from '../../../src/registry/reference.ts';
import { Secret } from '../../../src/secret.ts';
import { openRegistries } from '../../support/scripted-registries.ts';
import { startScripted, type ScriptedAnswer } from '../../support/scripted-server.ts';

const byte = fc.nat(255);
const inside = fc.oneof(
  fc.tuple(fc.constantFrom(0, 10, 127), byte, byte, byte),
  fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
  fc.tuple(fc.integer({ min: 224, max: 255 }), byte, byte, byte),
);

/** A number as URLs may have it: decimal, octal, hexadecimal, in digits of full width. */
const base = fc.constantFrom<(value: number) => string>(
  (value) => String(value),
  (value) => `0${value.toString(8)}`,
  (value) => `0x${value.toString(16)}`,
  (value) => `0X00${value.toString(16).toUpperCase()}`,
  (value) =>
    String(value).replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (value) => String(value).replaceAll(/\d/g, (digit) => `%3${digit}`),
);

/** All ways to write an address: with fewer parts, other numbers, a dot at the end, within IPv6. */
const spelled = fc
  .tuple(inside, fc.array(base, { minLength: 4, maxLength: 4 }), fc.nat(8))
  .map(([[a, b, c, d], write, form]) => {
    const part = (index: number, value: number): string => write[index]?.(value) ?? '';
    const quad = `${part(0, a)}.${part(1, b)}.${part(2, c)}.${part(3, d)}`;
    const plain = `${a}.${b}.${c}.${d}`;
    const hex = [a, b, c, d].map((each) => each.toString(16).padStart(2, '0')).join('');
    const groups = `${hex.slice(0, 4)}:${hex.slice(4)}`;
    return [
      quad,
      `${quad}.`,
      part(0, a * 2 ** 24 + b * 2 ** 16 + c * 256 + d),
      `${part(0, a)}.${part(1, b * 2 ** 16 + c * 256 + d)}`,
      `${part(0, a)}.${part(1, b)}.${part(2, c * 256 + d)}`,
      `[::ffff:${plain}]`,
      `[0:0:0:0:0:FFFF:${groups}]`,
      `[::${plain}]`,
      `[64:ff9b::${plain}]`,
    ][form] as string;
  });

test('an address inside the network is refused in every spelling', () => {
  fc.assert(
    fc.property(spelled, fc.constantFrom('', 'user:pass@', 'public.example@'), (host, user) => {
      const url = URL.parse(`https://${user}${host}:8443/token?a=b`);
      // What is no URL leads nowhere.
      if (url === null) return;
      assert.throws(() => assertAllowedLiteral(url), ForbiddenAddressError, url.href);
    }),
    { numRuns: 500 },
  );
});

const CONTENT = Buffer.alloc(6 * 1024 * 1024, 1);
const BLOB = { mediaType: 'x', digest: digestOf(CONTENT), size: CONTENT.length };

/** What the registry answers everywhere, and what of it is asked. */
const LEADS: Readonly<Record<string, (to: string) => ScriptedAnswer>> = {
  realm: (to) => ({ status: 401, headers: { 'www-authenticate': `Bearer realm="${to}"` } }),
  redirect: (to) => ({ status: 307, headers: { location: to } }),
  upload: (to) => ({ status: 202, headers: { location: to } }),
  page: (to) => ({
    status: 200,
    headers: { link: `<${to}>; rel="next"` },
    body: '{"manifests":[]}',
  }),
};

const HOSTS = [
  '127.0.0.2',
  '2130706434',
  '0x7f000002',
  '0177.0.0.2',
  '127.2',
  '127.0.0.2.',
  'a@127.0.0.2',
  '169.254.169.254',
  '2852039166',
  '[::1]',
  '[::ffff:127.0.0.2]',
  '[fd00:ec2::254]',
  '0.0.0.0',
  '[fe80::1]',
  '192.168.0.1',
  '100.100.100.200',
  'metadata.internal',
  'localhost',
  'localhost.',
];

/** Resolves every name to an address inside, and takes note of it. */
function insideResolver(asked: string[]): LookupFunction {
  return (host, options, callback) => {
    assert.equal(isIP(host), 0, 'an address needs no resolver');
    asked.push(host);
    if (options.all === true) callback(null, [{ address: '169.254.169.254', family: 4 }]);
    else callback(null, '169.254.169.254', 4);
  };
}

async function follow(t: TestContext, kind: string, to: string): Promise<unknown> {
  const lead = LEADS[kind] ?? assert.fail(kind);
  const server = await startScripted(t, () => lead(to));
  const asked: string[] = [];
  const user = { username: 'ci', password: new Secret('precious') };
  const lookup = insideResolver(asked);
  const { source, target } = openRegistries(t, { [server.host]: user }, { lookup });
  const repository = { registry: server.host, repository: 'acme/app' };
  try {
    if (kind === 'upload') {
      await target.putBlob(repository, BLOB, async () => Readable.from([CONTENT]));
    } else if (kind === 'page') await source.referrers(atDigest(repository, BLOB.digest));
    else await source.getManifest(atTag(repository, '1'));
  } catch (error) {
    assert.ok(error instanceof RegistryError, `${kind} ${to}: ${String(error)}`);
    assert.equal(error.code, 'REGISTRY_REFUSED', `${kind} ${to}: ${error.message}`);
    assert.ok(!error.message.includes('precious'));
    return error;
  }
  return assert.fail(`${kind} led to ${to}`);
}

test('no realm, redirect, upload or page leads inside the network, by address or by name', async (t) => {
  for (const kind of Object.keys(LEADS)) {
    await Promise.all(HOSTS.flatMap((host) => [follow(t, kind, `https://${host}:8443/x?y=z`)]));
  }
});

test('any Location is a URL or nothing, and keeps what it says', () => {
  const home = new URL('https://registry.example:5000/');
  const part = fc.constantFrom(
    ...'/ // .. ? # : @ % %2f http:// https:// file: registry.example a=b \\'.split(' '),
    '\n',
  );
  const location = fc.oneof(
    fc.string(),
    fc.array(part).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(location, (text) => {
      const url = resolveLocation(text, new URL('v2/x/blobs/uploads/', home), home);
      if (url === undefined) return;
      const added = withParameter(url, 'digest', 'sha256:00');
      assert.equal(added.origin, url.origin);
      assert.ok(added.search.startsWith(url.search) && added.search.endsWith('digest=sha256:00'));
    }),
  );
});
