import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignatureError } from '../../../src/errors.ts';
import { readLeaf } from '../../../src/signatures/leaf.ts';
import { reissue } from '../../support/sigstore/der.ts';
import { VENDOR } from '../../support/sigstore/identities.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';

const sigstore = await createPrivateSigstore({ certificateLog: false });
const EXTENSION = '2b0601040183bf3001';

async function certify(changes: Partial<typeof VENDOR> = {}): Promise<Buffer<ArrayBuffer>> {
  const { certificate } = await sigstore.certify({ ...VENDOR, ...changes });
  return Buffer.from(certificate);
}

/** A certificate of our authority's that says what it would never say. */
function changed(certificate: Buffer, from: string, to: string): Buffer<ArrayBuffer> {
  const [before, after] = [from, to].map((hex) => Buffer.from(hex, 'hex'));
  assert.ok(before && after);
  return Buffer.from(reissue(certificate, sigstore.authority.privateKey, before, after));
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

function refused(certificate: Buffer<ArrayBuffer>, says: RegExp): void {
  assert.throws(
    () => readLeaf(certificate),
    (error) => {
      assert.ok(error instanceof SignatureError, String(error));
      assert.match(error.message, says);
      return true;
    },
  );
}

test('tells the subject, the issuer, the source and the time', async () => {
  const { subject, issuer, extensions, validFrom, validTo } = readLeaf(await certify());
  assert.deepEqual([subject, issuer], [VENDOR.subject, VENDOR.issuer]);
  assert.equal(extensions['githubWorkflowRepository'], 'atlanhq/atlan-teradata-app');
  assert.equal(extensions['sourceRepositoryURI'], 'https://github.com/atlanhq/atlan-teradata-app');
  assert.equal(validTo.getTime() - validFrom.getTime(), 10 * 60 * 1000);
});

test('names the logs that published it', async () => {
  const published = await createPrivateSigstore();
  const { certificate } = await published.certify(VENDOR);
  assert.equal(readLeaf(Buffer.from(certificate)).certificateLogs.length, 1);
  assert.deepEqual(readLeaf(await certify()).certificateLogs, []);
});

test('takes the issuer of old certificates, and the newer spelling where there are both', async () => {
  const certificate = await certify({ issuer: 'https://issuer.example' });
  const old = changed(certificate, `${EXTENSION}08`, `${EXTENSION}7f`);
  assert.equal(readLeaf(old).issuer, 'https://issuer.example');
  const neither = changed(old, `${EXTENSION}01`, `${EXTENSION}7e`);
  refused(neither, /does not say who vouched/);
});

test('reads extensions longer than 127 bytes', async () => {
  const long = `https://github.com/${'a'.repeat(300)}`;
  const { extensions } = readLeaf(await certify({ extensions: { 12: long } }));
  assert.equal(extensions['sourceRepositoryURI'], long);
});

test('an e-mail address is an identity, another kind of name is none', async () => {
  const certificate = await certify({ subject: 'dev@acme.example' });
  const [uri = '', email = '', host = ''] = ['86', '81', '82'].map(
    (tag) => `${tag}10${hex('dev@acme.example')}`,
  );
  assert.equal(readLeaf(changed(certificate, uri, email)).subject, 'dev@acme.example');
  refused(changed(certificate, uri, host), /neither as a URI nor as an e-mail/);
});

test('no name at all', async () => {
  refused(changed(await certify(), '0603551d11', '0603551d12'), /names 0 identities/);
});

test('a name with a line end', async () => {
  const certificate = await certify({ subject: 'https://acme.example' });
  const [from, to] = ['https://acme.example', 'https://acme\nexample'].map(hex);
  refused(changed(certificate, from ?? '', to ?? ''), /not plain ASCII/);
});

test('an authority', async () => {
  const certificate = await certify({ extensions: { 24: 'x'.repeat(20) } });
  const extension = `3024060a${EXTENSION}1804160c14${hex('x'.repeat(20))}`;
  const basicConstraints = '300c0603551d13040530030101ff';
  const filler = `301606032a0304040f${'00'.repeat(15)}`;
  refused(changed(certificate, extension, basicConstraints + filler), /an authority's/);
});

test('an extension that stands there twice', async () => {
  refused(
    changed(await certify(), `${EXTENSION}0e`, `${EXTENSION}0c`),
    /sourceRepositoryURI twice/,
  );
});

test('an extension that is no text', async () => {
  const certificate = await certify({ extensions: { 12: 'abcd' } });
  refused(changed(certificate, `0c04${hex('abcd')}`, `0404${hex('abcd')}`), /not a UTF-8 string/);
  refused(changed(certificate, `0c04${hex('abcd')}`, `0c03${hex('abcd')}`), /not a UTF-8 string/);
  refused(changed(certificate, `0c04${hex('abcd')}`, '0c0461ff6364'), /is not UTF-8/);
});

test('a certificate that could be written in two ways', async () => {
  const certificate = await certify();
  const longer = Buffer.concat([Buffer.from('308300', 'hex'), certificate.subarray(2)]);
  refused(longer, /cannot be read/);
  refused(Buffer.concat([certificate, Buffer.from([0])]), /cannot be read/);
});

test('whatever is no certificate', () => {
  for (const bytes of ['', '00', '3000', '3082ffff', '860161']) {
    refused(Buffer.from(bytes, 'hex'), /certificate cannot be read/);
  }
});
