import type { SignatureLayer } from './sign.ts';

/** A bundle as JSON, to be changed. */
export interface BundleJson {
  mediaType: string;
  verificationMaterial: {
    certificate?: { rawBytes: string };
    publicKey?: { hint: string };
    x509CertificateChain?: { certificates: { rawBytes: string }[] };
    tlogEntries: LogEntryJson[];
    timestampVerificationData: { rfc3161Timestamps: { signedTimestamp: string }[] };
  };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] };
}

export interface LogEntryJson {
  logIndex: string;
  logId: { keyId: string };
  kindVersion: { kind: string; version: string };
  integratedTime: string;
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof?: {
    logIndex: string;
    treeSize: string;
    rootHash: string;
    checkpoint: { envelope: string };
  };
  canonicalizedBody: string;
}

/** The annotation of a classic layer that holds its log entry. */
export interface ClassicEntryJson {
  SignedEntryTimestamp: string | null;
  Payload: { body: string; integratedTime: number; logIndex: number; logID: string };
}

export const Annotation = {
  signature: 'dev.cosignproject.cosign/signature',
  certificate: 'dev.sigstore.cosign/certificate',
  entry: 'dev.sigstore.cosign/bundle',
  timestamp: 'dev.sigstore.cosign/rfc3161timestamp',
} as const;

/** The same layer with its bundle changed. */
export function withBundle(
  layer: SignatureLayer,
  change: (bundle: BundleJson) => void,
): SignatureLayer {
  const bundle: BundleJson = JSON.parse(layer.bytes.toString('utf8'));
  change(bundle);
  return { ...layer, bytes: Buffer.from(JSON.stringify(bundle)) };
}

/** The same layer with the first log entry of its bundle changed. */
export function withLogEntry(
  layer: SignatureLayer,
  change: (entry: LogEntryJson) => void,
): SignatureLayer {
  return withBundle(layer, ({ verificationMaterial: { tlogEntries } }) => {
    const [entry] = tlogEntries;
    if (entry === undefined) throw new Error('the bundle has no log entry');
    change(entry);
  });
}

/** The same layer with annotations changed; `undefined` removes one. */
export function withAnnotations(
  layer: SignatureLayer,
  changes: Readonly<Record<string, string | undefined>>,
): SignatureLayer {
  const annotations = Object.entries({ ...layer.annotations, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return { ...layer, annotations: Object.fromEntries(annotations) };
}

/** The same classic layer with its log entry changed. */
export function withClassicEntry(
  layer: SignatureLayer,
  change: (entry: ClassicEntryJson) => void,
): SignatureLayer {
  const entry: ClassicEntryJson = JSON.parse(layer.annotations?.[Annotation.entry] ?? '');
  change(entry);
  return withAnnotations(layer, { [Annotation.entry]: JSON.stringify(entry) });
}

/** Base64 of the same bytes but for one bit. */
export function flipBit(base64: string, byte: number): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(byte) ^ 1, byte);
  return bytes.toString('base64');
}
