import { BUNDLE_V01_MEDIA_TYPE } from '@sigstore/bundle';
import { createHash } from 'node:crypto';
import type { Descriptor } from '../registry/manifest.ts';
import { leafOf, toBundle } from './bundle.ts';
import { decodeBase64, objectAt, parseJsonObject, type JsonObject } from './json.ts';
import { parsePemCertificate } from './pem.ts';
import { invalid, shown } from './reject.ts';
import { readSimpleSigning } from './simple-signing.ts';
import type { Signed } from './signed.ts';
import { readStatement } from './statement.ts';

/** What Cosign 1 and 2 attach: a payload as the layer, the proof of it in the annotations. */
export const ClassicMediaType = {
  signature: 'application/vnd.dev.cosign.simplesigning.v1+json',
  attestation: 'application/vnd.dsse.envelope.v1+json',
} as const;

const Annotation = {
  signature: 'dev.cosignproject.cosign/signature',
  certificate: 'dev.sigstore.cosign/certificate',
  logEntry: 'dev.sigstore.cosign/bundle',
  timestamp: 'dev.sigstore.cosign/rfc3161timestamp',
} as const;

/**
 * Reads a classic signature or attestation: its layer and the blob the layer names, whose digest
 * is checked already.
 *
 * The bundle made of it is version 0.1, because later ones demand an inclusion proof, which the
 * classic format does not carry.
 *
 * @throws SignatureError
 */
export function readClassic(layer: Descriptor, payload: Buffer): Signed {
  const annotations = layer.annotations ?? {};
  const isAttestation = layer.mediaType === ClassicMediaType.attestation;
  const bundle = toBundle({
    mediaType: BUNDLE_V01_MEDIA_TYPE,
    verificationMaterial: {
      ...signerOf(annotations),
      tlogEntries: logEntryOf(annotations),
      timestampVerificationData: { rfc3161Timestamps: timestampOf(annotations) },
    },
    ...(isAttestation
      ? { dsseEnvelope: parseJsonObject(payload, 'the attestation') }
      : { messageSignature: messageSignature(annotations, payload) }),
  });
  return {
    format: 'classic',
    bundle,
    artifact: isAttestation ? undefined : payload,
    claim:
      bundle.content.$case === 'dsseEnvelope'
        ? readStatement(bundle.content.dsseEnvelope)
        : readSimpleSigning(payload),
    leaf: leafOf(bundle),
  };
}

type Annotations = Readonly<Record<string, string>>;

function messageSignature(annotations: Annotations, payload: Buffer): JsonObject {
  const signature = decodeBase64(annotations[Annotation.signature], Annotation.signature);
  return {
    messageDigest: {
      algorithm: 'SHA2_256',
      digest: createHash('sha256').update(payload).digest('base64'),
    },
    signature: signature.toString('base64'),
  };
}

/** A signature that brings a certificate is never tried as one by a bare key (GHSA-fx35-mq7g-6g98). */
function signerOf(annotations: Annotations): JsonObject {
  const pem = annotations[Annotation.certificate];
  if (pem === undefined) return { publicKey: { hint: '' } };
  const der = parsePemCertificate(pem, Annotation.certificate);
  return { x509CertificateChain: { certificates: [{ rawBytes: der.toString('base64') }] } };
}

function logEntryOf(annotations: Annotations): readonly JsonObject[] {
  const text = annotations[Annotation.logEntry];
  if (text === undefined) return [];
  const json = parseJsonObject(text, Annotation.logEntry);
  const { SignedEntryTimestamp: promise } = json;
  const { body, integratedTime, logIndex, logID } = objectAt(json, 'Payload');
  if (typeof promise !== 'string' || promise === '') {
    throw invalid(
      "the log entry has no signed timestamp: the classic format cannot carry an entry of Rekor 2; sign it with Cosign 3's bundle format",
    );
  }
  if (!isCount(integratedTime) || !isCount(logIndex) || integratedTime === 0) {
    throw invalid('the log entry has no usable time and index');
  }
  if (typeof logID !== 'string' || !/^[0-9a-f]{64}$/i.test(logID)) {
    throw invalid(`the log entry names no log, but ${shown(logID)}`);
  }
  const entry = parseJsonObject(decodeBase64(body, 'the log entry'), 'the log entry');
  return [
    {
      logIndex: String(logIndex),
      logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
      kindVersion: { kind: entry['kind'], version: entry['apiVersion'] },
      integratedTime: String(integratedTime),
      inclusionPromise: {
        signedEntryTimestamp: decodeBase64(promise, 'the signed entry timestamp').toString(
          'base64',
        ),
      },
      canonicalizedBody: body,
    },
  ];
}

function timestampOf(annotations: Annotations): readonly JsonObject[] {
  const text = annotations[Annotation.timestamp];
  if (text === undefined) return [];
  const { SignedRFC3161Timestamp: timestamp } = parseJsonObject(text, Annotation.timestamp);
  return [{ signedTimestamp: decodeBase64(timestamp, Annotation.timestamp).toString('base64') }];
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
