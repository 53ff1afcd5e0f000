import { sign as signBytes } from 'node:crypto';
import type { Digest } from '../../../src/registry/reference.ts';
import { COSIGN_SIGN_PREDICATE } from '../../../src/signatures/statement.ts';
import { spkiOf, toPem } from './der.ts';
import type { TestIdentity } from './identities.ts';
import type { Certified, KeyPair, PrivateSigstore } from './private-sigstore.ts';
import { canonical, sha256, type LogBody, type LogEntry } from './transparency-log.ts';

/** Who signs: somebody the private Sigstore certifies, a certificate of one's own, or a key. */
export type TestSigner = TestIdentity | Certified | { readonly key: KeyPair };

export interface SignOptions {
  /** Which transparency log it goes to; Rekor 1 by default. Rekor 2 fits bundles only. */
  readonly log?: 'v1' | 'v2' | 'v2-hashedrekord' | 'none';
  /** Whether a timestamp is added; no by default, save with Rekor 2, which needs one. */
  readonly timestamp?: boolean;
  /** When the timestamp says it was signed; in whole seconds. */
  readonly timestampedAt?: Date;
  /** When the log says it was signed. */
  readonly loggedAt?: Date;
  /** PEM that the log entry names in place of the signer's own. */
  readonly loggedSigner?: string;
}

export interface ClassicOptions extends SignOptions {
  /** `critical.type` of the payload. */
  readonly type?: string;
  readonly dockerReference?: string;
}

export interface BundleOptions extends SignOptions {
  /** What is stated; Cosign's signature by default. */
  readonly predicateType?: string;
  readonly predicate?: object;
  readonly payloadType?: string;
  /** `_type` of the statement. */
  readonly statementType?: string;
  /** Certificate that an entry of Rekor 2 names in place of the signer's own. */
  readonly loggedCertificate?: Buffer;
}

/** A layer of a signature's manifest. */
export interface SignatureLayer {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Signs as Cosign 1 and 2 do. */
export async function signClassic(
  sigstore: PrivateSigstore,
  digest: Digest,
  signer: TestSigner,
  options: ClassicOptions = {},
): Promise<SignatureLayer> {
  const payload = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': options.dockerReference ?? 'registry.example/app' },
        image: { 'docker-manifest-digest': digest },
        type: options.type ?? 'cosign container image signature',
      },
      optional: null,
    }),
  );
  const { keys, verifier, certificate } = await materialOf(sigstore, signer);
  const signature = signWith(keys, payload);
  const annotations: Record<string, string> = {
    'dev.cosignproject.cosign/signature': signature.toString('base64'),
  };
  if (certificate !== undefined) {
    annotations['dev.sigstore.cosign/certificate'] = verifier;
    annotations['dev.sigstore.cosign/chain'] = toPem(sigstore.rootCertificate, 'CERTIFICATE');
  }
  if ((options.log ?? 'v1') === 'v1') {
    const body = hashedRekord(sha256(payload), signature, options.loggedSigner ?? verifier);
    const entry = await sigstore.rekorV1.log(body, options.loggedAt ?? sigstore.now());
    annotations['dev.sigstore.cosign/bundle'] = JSON.stringify(classicEntry(entry));
  }
  if (options.timestamp === true) {
    const timestamp = (await sigstore.timestamp(signature, options.timestampedAt)).toString(
      'base64',
    );
    annotations['dev.sigstore.cosign/rfc3161timestamp'] = JSON.stringify({
      SignedRFC3161Timestamp: timestamp,
    });
  }
  return {
    mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    bytes: payload,
    annotations,
  };
}

/** Signs, or attests, as Cosign 3 does. */
export async function signBundle(
  sigstore: PrivateSigstore,
  digest: Digest,
  signer: TestSigner,
  options: BundleOptions = {},
): Promise<SignatureLayer> {
  const { keys, verifier, certificate } = await materialOf(sigstore, signer);
  const { envelope, payload, encoded, signature } = envelopeOf(digest, keys, options);
  const log = options.log ?? 'v1';
  const der = certificate ?? spkiOf(keys.publicKey);
  const logged = options.loggedCertificate ?? der;
  const bodies: Record<typeof log, () => LogBody | undefined> = {
    v1: () => dsseV1(envelope, payload, options.loggedSigner ?? verifier),
    v2: () => dsseV2(payload, signature, certificate !== undefined, logged),
    'v2-hashedrekord': () => hashedRekordV2(encoded, signature, certificate !== undefined, logged),
    none: () => undefined,
  };
  const body = bodies[log]();
  const rekor = log === 'v1' ? sigstore.rekorV1 : sigstore.rekorV2;
  const isStamped = options.timestamp ?? log.startsWith('v2');
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      ...(certificate === undefined
        ? { publicKey: { hint: sha256(der).toString('base64') } }
        : { certificate: { rawBytes: certificate.toString('base64') } }),
      tlogEntries:
        body === undefined ? [] : [await rekor.log(body, options.loggedAt ?? sigstore.now())],
      timestampVerificationData: {
        rfc3161Timestamps: isStamped
          ? [
              {
                signedTimestamp: (
                  await sigstore.timestamp(signature, options.timestampedAt)
                ).toString('base64'),
              },
            ]
          : [],
      },
    },
    dsseEnvelope: envelope,
  };
  return { mediaType: bundle.mediaType, bytes: Buffer.from(JSON.stringify(bundle)) };
}

interface SignedEnvelope {
  readonly envelope: {
    readonly payload: string;
    readonly payloadType: string;
    readonly signatures: readonly { readonly sig: string }[];
  };
  readonly payload: Buffer;
  /** What the signature is over. */
  readonly encoded: Buffer;
  readonly signature: Buffer;
}

/** A statement about an image, in a signed envelope. */
export function envelopeOf(digest: Digest, keys: KeyPair, options: BundleOptions): SignedEnvelope {
  const payload = Buffer.from(
    JSON.stringify({
      _type: options.statementType ?? 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { sha256: digest.slice('sha256:'.length) } }],
      predicateType: options.predicateType ?? COSIGN_SIGN_PREDICATE,
      predicate: options.predicate ?? {},
    }),
  );
  const payloadType = options.payloadType ?? 'application/vnd.in-toto+json';
  const header = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  const encoded = Buffer.concat([Buffer.from(header), payload]);
  const signature = signWith(keys, encoded);
  const signatures = [{ sig: signature.toString('base64') }];
  const envelope = { payload: payload.toString('base64'), payloadType, signatures };
  return { envelope, payload, encoded, signature };
}

export interface Material {
  readonly keys: KeyPair;
  /** PEM, as a log entry names the signer. */
  readonly verifier: string;
  readonly certificate: Buffer | undefined;
}

export async function materialOf(sigstore: PrivateSigstore, signer: TestSigner): Promise<Material> {
  if ('key' in signer) {
    const verifier = toPem(spkiOf(signer.key.publicKey), 'PUBLIC KEY');
    return { keys: signer.key, verifier, certificate: undefined };
  }
  const { keys, certificate } = 'certificate' in signer ? signer : await sigstore.certify(signer);
  return { keys, verifier: toPem(certificate, 'CERTIFICATE'), certificate };
}

export function signWith({ privateKey }: KeyPair, bytes: Buffer): Buffer {
  return signBytes(
    privateKey.asymmetricKeyType === 'ed25519' ? undefined : 'sha256',
    bytes,
    privateKey,
  );
}

function hashedRekord(digest: Buffer, signature: Buffer, verifier: string): LogBody {
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: digest.toString('hex') } },
      signature: {
        content: signature.toString('base64'),
        publicKey: { content: Buffer.from(verifier).toString('base64') },
      },
    },
  };
}

export function dsseV1(
  envelope: { readonly signatures: readonly { readonly sig: string }[] },
  payload: Buffer,
  verifier: string,
): LogBody {
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: {
        algorithm: 'sha256',
        value: sha256(Buffer.from(canonical(envelope))).toString('hex'),
      },
      payloadHash: { algorithm: 'sha256', value: sha256(payload).toString('hex') },
      signatures: envelope.signatures.map(({ sig }) => ({
        signature: sig,
        verifier: Buffer.from(verifier).toString('base64'),
      })),
    },
  };
}

function dsseV2(payload: Buffer, signature: Buffer, isCertified: boolean, der: Buffer): LogBody {
  return {
    apiVersion: '0.0.2',
    kind: 'dsse',
    spec: {
      dsseV002: {
        payloadHash: { algorithm: 'SHA2_256', digest: sha256(payload).toString('base64') },
        signatures: [
          { content: signature.toString('base64'), verifier: verifierV2(isCertified, der) },
        ],
      },
    },
  };
}

function hashedRekordV2(
  encoded: Buffer,
  signature: Buffer,
  isCertified: boolean,
  der: Buffer,
): LogBody {
  return {
    apiVersion: '0.0.2',
    kind: 'hashedrekord',
    spec: {
      hashedRekordV002: {
        data: { algorithm: 'SHA2_256', digest: sha256(encoded).toString('base64') },
        signature: {
          content: signature.toString('base64'),
          verifier: verifierV2(isCertified, der),
        },
      },
    },
  };
}

function verifierV2(isCertified: boolean, der: Buffer): object {
  return {
    [isCertified ? 'x509Certificate' : 'publicKey']: { rawBytes: der.toString('base64') },
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
  };
}

/** How the classic format's annotation spells an entry. */
export function classicEntry(entry: LogEntry): object {
  return {
    SignedEntryTimestamp: entry.inclusionPromise?.signedEntryTimestamp,
    Payload: {
      body: entry.canonicalizedBody,
      integratedTime: Number(entry.integratedTime),
      logIndex: Number(entry.logIndex),
      logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
    },
  };
}
