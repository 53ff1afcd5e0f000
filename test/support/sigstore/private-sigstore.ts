import { initializeCA, initializeCTLog, initializeTSA } from '@sigstore/mock';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { parseTrustRoot } from '../../../src/signatures/parse-trust-root.ts';
import type { TrustRootSource } from '../../../src/signatures/trust-root.ts';
import { spkiOf } from './der.ts';
import type { TestIdentity } from './identities.ts';
import {
  rekorV1,
  rekorV2,
  sha256,
  trustedLog,
  type RekorV1,
  type TransparencyLog,
} from './transparency-log.ts';

/** A `trusted_root.json`. */
export interface TrustedRootJson {
  readonly mediaType: string;
  readonly tlogs: readonly object[];
  readonly certificateAuthorities: readonly object[];
  readonly ctlogs: readonly object[];
  readonly timestampAuthorities: readonly object[];
}

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A key that lives for one signature, with the certificate that says whose it is. */
export interface Certified {
  readonly keys: KeyPair;
  readonly certificate: Buffer;
}

/** A whole Sigstore of one's own, in process: nothing is ever asked over a network. */
export interface PrivateSigstore {
  /** Write it to a file for `verify.trustRoot`. */
  readonly trustedRoot: TrustedRootJson;
  readonly rekorV1: RekorV1;
  readonly rekorV2: TransparencyLog;
  /** The key of the certificate authority, for certificates it would never issue. */
  readonly authority: KeyPair;
  readonly rootCertificate: Buffer;
  /** The time at which its logs and timestamps say things happen. */
  now(): Date;
  certify(identity: TestIdentity): Promise<Certified>;
  /** Certifies a key that somebody else holds; DER in, DER out. */
  certifyKey(publicKey: Buffer, identity: TestIdentity): Promise<Buffer>;
  /** An RFC 3161 timestamp over a signature; of now by default. */
  timestamp(signature: Buffer, at?: Date): Promise<Buffer>;
}

export interface PrivateSigstoreOptions {
  /** Whether certificates are published in a log of their own; yes by default. */
  readonly certificateLog?: boolean;
}

const FULCIO_ARC = '1.3.6.1.4.1.57264.1.';
const LAST_RAW_EXTENSION = 6;
const SHA_256 = '2.16.840.1.101.3.4.2.1';
const TIMESTAMP_POLICY = '1.3.6.1.4.1.57264.2';
const DAY_MS = 24 * 60 * 60 * 1000;

/** Starts a private Sigstore. Takes some tens of milliseconds: share one among tests. */
export async function createPrivateSigstore(
  options: PrivateSigstoreOptions = {},
): Promise<PrivateSigstore> {
  // Logs count whole seconds: a root that begins now would not hold for what is logged now.
  const validFrom = new Date(Date.now() - DAY_MS);
  const [authority, ctKeys, tsaKeys] = [newKey(), newKey(), newKey()];
  const hasCertificateLog = options.certificateLog ?? true;
  const ctLog = hasCertificateLog ? await initializeCTLog(ctKeys) : undefined;
  const ca = await initializeCA(authority, ctLog);
  const tsa = await initializeTSA(tsaKeys);
  const [v1, v2] = [
    rekorV1('https://rekor.sigstore.example', validFrom),
    rekorV2('https://log2.sigstore.example', validFrom),
  ];
  const rootCertificate = Buffer.from(bytesOf(ca.rootCertificate));
  const certifyKey = async (publicKey: Buffer, identity: TestIdentity): Promise<Buffer> => {
    const certificate = await ca.issueCertificate({
      publicKey: Buffer.from(publicKey),
      subjectAltName: identity.subject,
      extensions: extensionsOf(identity),
    });
    return Buffer.from(bytesOf(certificate));
  };
  return {
    trustedRoot: {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [v1.trusted, v2.trusted],
      certificateAuthorities: [trustedAuthority('fulcio', validFrom, [rootCertificate])],
      ctlogs: hasCertificateLog
        ? [
            trustedLog(
              'https://ctfe.sigstore.example',
              ctKeys.publicKey,
              'PKIX_ECDSA_P256_SHA_256',
              validFrom,
            ),
          ]
        : [],
      timestampAuthorities: [
        trustedAuthority('timestamp', validFrom, [
          bytesOf(tsa.intCertificate),
          bytesOf(tsa.rootCertificate),
        ]),
      ],
    },
    rekorV1: v1,
    rekorV2: v2,
    authority,
    rootCertificate,
    now: wholeSeconds,
    async certify(identity) {
      const keys = newKey();
      return { keys, certificate: await certifyKey(spkiOf(keys.publicKey), identity) };
    },
    certifyKey,
    async timestamp(signature, at = wholeSeconds()) {
      // Whole seconds: the mock drops trailing zeros of a fraction, which its reader then refuses.
      Object.assign(tsa, { getCurrentTime: () => at });
      const response = await tsa.timestamp({
        artifactHash: Buffer.from(sha256(signature)),
        hashAlgorithmOID: SHA_256,
        nonce: 1,
        policyOID: TIMESTAMP_POLICY,
      });
      return Buffer.from(bytesOf(response));
    },
  };
}

/** A trust root as the verifier takes it, without a file. */
export function trustRootOf(trustedRoot: TrustedRootJson): TrustRootSource {
  const root = parseTrustRoot(JSON.stringify(trustedRoot), 'the private trust root');
  return { location: 'private', load: () => Promise.resolve(root) };
}

export function newKey(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function extensionsOf({ issuer, extensions }: TestIdentity): {
  oid: string;
  value: string;
  legacy: boolean;
}[] {
  return Object.entries({ 1: issuer, 8: issuer, ...extensions }).map(([number, value]) => ({
    oid: `${FULCIO_ARC}${number}`,
    value,
    legacy: Number(number) <= LAST_RAW_EXTENSION,
  }));
}

function trustedAuthority(
  name: string,
  validFrom: Date,
  certificates: readonly Uint8Array[],
): object {
  return {
    subject: { organization: 'sigstore.example', commonName: name },
    uri: `https://${name}.sigstore.example`,
    certChain: {
      certificates: certificates.map((bytes) => ({
        rawBytes: Buffer.from(bytes).toString('base64'),
      })),
    },
    validFor: { start: validFrom.toISOString() },
  };
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function wholeSeconds(): Date {
  return new Date(Math.floor(Date.now() / 1000) * 1000);
}
