/**
 * What @sigstore/verify leaves to its callers: each test shows that the library alone decides
 * otherwise. When one of its assertions about the library fails, a gap was closed upstream.
 */
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignatureError } from '../../../src/errors.ts';
import { readBundle } from '../../../src/signatures/bundle.ts';
import { readClassic } from '../../../src/signatures/classic.ts';
import { parseTrustRoot } from '../../../src/signatures/parse-trust-root.ts';
import { digestOf } from '../../../src/registry/manifest.ts';
import { attachAsReferrer, attachByTag } from '../../support/sigstore/attach.ts';
import { reissue, toPem } from '../../support/sigstore/der.ts';
import { STRANGER, VENDOR } from '../../support/sigstore/identities.ts';
import {
  createPrivateSigstore,
  type Certified,
  type PrivateSigstore,
  type TrustedRootJson,
} from '../../support/sigstore/private-sigstore.ts';
import { createScene, verify, type Judging } from '../../support/sigstore/scene.ts';
import { signBundle, signClassic, type SignatureLayer } from '../../support/sigstore/sign.ts';
import { Annotation, withAnnotations, withBundle } from '../../support/sigstore/tamper.ts';

const sigstore = await createPrivateSigstore();
/** Without a log of certificates, so that ones no honest authority issues can be made. */
const careless = await createPrivateSigstore({ certificateLog: false });
const { image } = createScene(sigstore);

/** Decides on a bundle by the library alone. @throws whatever it throws */
function byLibrary(layer: SignatureLayer, by: PrivateSigstore, subject?: string): void {
  const trust = toTrustMaterial(TrustedRoot.fromJSON(by.trustedRoot));
  const verifier = new Verifier(trust, { ctlogThreshold: by.trustedRoot.ctlogs.length });
  const bundle = bundleFromJSON(JSON.parse(layer.bytes.toString('utf8')));
  verifier.verify(
    toSignedEntity(bundle),
    subject === undefined ? undefined : { subjectAlternativeName: subject },
  );
}

async function byUs(layer: SignatureLayer, by: PrivateSigstore, judging?: Judging): Promise<void> {
  const scene = createScene(by);
  attachAsReferrer(scene.repository, scene.image.descriptor, layer);
  await verify(scene, judging);
}

function refusal(code: SignatureError['code'], says: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SignatureError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, says);
    return true;
  };
}

test('a wanted subject is an unanchored regular expression', async () => {
  const subject = `https://evil.example/${VENDOR.subject}/..`;
  const layer = await signBundle(sigstore, image.digest, { ...VENDOR, subject });
  byLibrary(layer, sigstore, VENDOR.subject);
  await assert.rejects(byUs(layer, sigstore), refusal('SIGNER_UNTRUSTED', /evil\.example/));
});

test('the subject of a statement is not compared with the image', async () => {
  const layer = await signBundle(sigstore, digestOf(Buffer.from('another')), VENDOR);
  byLibrary(layer, sigstore, VENDOR.subject);
  await assert.rejects(byUs(layer, sigstore), refusal('SIGNATURE_INVALID', /not about this one/));
});

test('the signer whom a log entry names is not compared', async () => {
  const { certificate } = await sigstore.certify(STRANGER);
  for (const log of ['v1', 'v2', 'v2-hashedrekord'] as const) {
    const layer = await signBundle(sigstore, image.digest, VENDOR, {
      log,
      loggedSigner: toPem(certificate, 'CERTIFICATE'),
      loggedCertificate: certificate,
    });
    byLibrary(layer, sigstore, VENDOR.subject);
    await assert.rejects(
      byUs(layer, sigstore),
      refusal('SIGNATURE_INVALID', /made with another certificate/),
    );
  }
});

test('a certificate for a web server signs as well', async () => {
  const signer = await reissued(VENDOR.subject, CODE_SIGNING, SERVER_AUTH);
  const layer = await signBundle(careless, image.digest, signer);
  byLibrary(layer, careless, VENDOR.subject);
  await assert.rejects(
    byUs(layer, careless),
    refusal('SIGNATURE_INVALID', /not for signing code \(extended key usage\)/),
  );
});

test('bytes beyond ASCII are read as the ASCII they become without their high bit', async () => {
  const [wanted, other] = [Buffer.from('atlanhq'), Buffer.from('atlanhq')];
  other.writeUInt8(other.readUInt8(0) | 0x80, 0);
  const signer = await reissued(VENDOR.subject, wanted, other);
  const layer = await signBundle(careless, image.digest, signer);
  byLibrary(layer, careless, VENDOR.subject);
  await assert.rejects(
    byUs(layer, careless),
    refusal('SIGNATURE_INVALID', /identity is not plain ASCII/),
  );
});

test('of several names in a certificate one is picked', async () => {
  const [uri, email] = ['https://a.example', 'b@c.example'];
  const whole = 'x'.repeat(uri.length + 2 + email.length);
  const signer = await reissued(whole, name(0x86, whole), [name(0x86, uri), name(0x81, email)]);
  const layer = await signBundle(careless, image.digest, signer);
  byLibrary(layer, careless, uri);
  const policy = { identities: [{ subject: uri, issuer: VENDOR.issuer }] };
  await assert.rejects(
    byUs(layer, careless, { policy }),
    refusal('SIGNATURE_INVALID', /names 2 identities/),
  );
});

test('a timestamp of an unknown authority spoils a log entry that dates the signature', async () => {
  const elsewhere = await createPrivateSigstore();
  const layer = await signClassic(sigstore, image.digest, VENDOR);
  const signature = Buffer.from(layer.annotations?.[Annotation.signature] ?? '', 'base64');
  const timestamp = (await elsewhere.timestamp(signature)).toString('base64');
  const stamped = withAnnotations(layer, {
    [Annotation.timestamp]: JSON.stringify({ SignedRFC3161Timestamp: timestamp }),
  });
  const { bundle } = readClassic(
    { ...stamped, digest: digestOf(stamped.bytes), size: stamped.bytes.length },
    stamped.bytes,
  );
  const trust = toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot));
  assert.throws(
    () => new Verifier(trust).verify(toSignedEntity(bundle, stamped.bytes)),
    /timestamp could not be verified/,
  );
  const scene = createScene(sigstore);
  attachByTag(scene.repository, scene.image.descriptor, [stamped]);
  await verify(scene);
});

test('malformed input is thrown at as a TypeError', async () => {
  const logged = await signBundle(sigstore, image.digest, VENDOR, { log: 'v2' });
  const layer = withBundle(logged, ({ verificationMaterial: material }) => {
    material.timestampVerificationData.rfc3161Timestamps = [{ signedTimestamp: 'MAA=' }];
  });
  assert.throws(() => byLibrary(layer, sigstore), TypeError);
  await assert.rejects(byUs(layer, sigstore), refusal('SIGNATURE_INVALID', /it is malformed/));
  assert.throws(() => bundleFromJSON(null), TypeError);
  assert.throws(() => readBundle(Buffer.from('null')), SignatureError);
});

test('a log that does not say since when it is valid is believed at any time', () => {
  const tlogs = sigstore.trustedRoot.tlogs.map((log) => ({
    ...log,
    publicKey: { ...('publicKey' in log ? (log.publicKey as object) : {}), validFor: undefined },
  }));
  const root: TrustedRootJson = { ...sigstore.trustedRoot, tlogs };
  const [log] = toTrustMaterial(TrustedRoot.fromJSON(root)).tlogs;
  assert.equal(log?.validFor.start.getTime(), 0);
  assert.throws(
    () => parseTrustRoot(JSON.stringify(root), 'root.json'),
    refusal('TRUST_ROOT_UNAVAILABLE', /root\.json .*does not say since when it is valid/),
  );
});

const CODE_SIGNING = Buffer.from('2b06010505070303', 'hex');
const SERVER_AUTH = Buffer.from('2b06010505070301', 'hex');

async function reissued(
  subject: string,
  from: Buffer,
  to: Buffer | readonly Buffer[],
): Promise<Certified> {
  const { keys, certificate } = await careless.certify({ ...VENDOR, subject });
  const bytes = Buffer.isBuffer(to) ? to : Buffer.concat(to);
  return {
    keys,
    certificate: reissue(certificate, careless.authority.privateKey, from, bytes),
  };
}

/** A general name, of fewer than 128 bytes. */
function name(tag: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([tag, text.length]), Buffer.from(text)]);
}
