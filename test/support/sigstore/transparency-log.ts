import { initializeTLog } from '@sigstore/mock';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { spkiOf } from './der.ts';

/** One entry, in the form a bundle of version 0.3 carries it. */
export interface LogEntry {
  readonly logIndex: string;
  readonly logId: { readonly keyId: string };
  readonly kindVersion: { readonly kind: string; readonly version: string };
  readonly integratedTime: string;
  readonly inclusionPromise?: { readonly signedEntryTimestamp: string };
  readonly inclusionProof: Readonly<Record<string, unknown>>;
  readonly canonicalizedBody: string;
}

/** What is logged: a body as Rekor stores it. */
export interface LogBody {
  readonly kind: string;
  readonly apiVersion: string;
  readonly spec: object;
}

/** A transparency log: its entry in a trust root, and its promise to publish. */
export interface TransparencyLog {
  readonly trusted: object;
  log(body: LogBody, at: Date): Promise<LogEntry>;
}

/** Rekor 1, which also speaks the API that signers use. */
export interface RekorV1 extends TransparencyLog {
  /** The answer to a new entry: itself, by its identifier. */
  answer(body: LogBody, at: Date): Promise<Readonly<Record<string, object>>>;
}

/** The answer of Rekor 1, whose types the mock does not ship. */
interface RekorAnswer {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: {
      readonly logIndex: number;
      readonly treeSize: number;
      readonly rootHash: string;
      readonly checkpoint: string;
    };
  };
}

/** Rekor 1: dates its entries. */
export function rekorV1(baseUrl: string, validFrom: Date): RekorV1 {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const answer = async (body: LogBody, at: Date): Promise<Record<string, RekorAnswer>> => {
    const rekor = await initializeTLog(baseUrl, keys, at);
    return (await rekor.log(body)) as Record<string, RekorAnswer>;
  };
  return {
    trusted: trustedLog(baseUrl, keys.publicKey, 'PKIX_ECDSA_P256_SHA_256', validFrom),
    answer,
    async log(body, at) {
      const [entry] = Object.values(await answer(body, at));
      if (entry === undefined) throw new Error('the log gave no entry');
      const { inclusionProof: proof, signedEntryTimestamp } = entry.verification;
      return {
        logIndex: String(entry.logIndex),
        logId: { keyId: Buffer.from(entry.logID, 'hex').toString('base64') },
        kindVersion: { kind: body.kind, version: body.apiVersion },
        integratedTime: String(entry.integratedTime),
        inclusionPromise: { signedEntryTimestamp },
        inclusionProof: {
          logIndex: String(proof.logIndex),
          treeSize: String(proof.treeSize),
          rootHash: Buffer.from(proof.rootHash, 'hex').toString('base64'),
          hashes: [],
          checkpoint: { envelope: proof.checkpoint },
        },
        canonicalizedBody: entry.body,
      };
    },
  };
}

/**
 * Rekor 2: proves inclusion only; the time comes from a timestamp authority. Written here because
 * the mock logs the request in place of the entry.
 */
export function rekorV2(baseUrl: string, validFrom: Date): TransparencyLog {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const origin = new URL(baseUrl).host;
  const ed25519 = Buffer.from([1]);
  const id = sha256(Buffer.from(`${origin}\n`), ed25519, spkiOf(publicKey).subarray(-32));
  return {
    trusted: trustedLog(baseUrl, publicKey, 'PKIX_ED25519', validFrom, id),
    log(body) {
      const bytes = Buffer.from(canonical(body));
      const leaf = sha256(Buffer.from([0]), bytes).toString('base64');
      const note = `${origin}\n1\n${leaf}\n`;
      const signature = Buffer.concat([
        id.subarray(0, 4),
        sign(undefined, Buffer.from(note), privateKey),
      ]);
      return Promise.resolve({
        logIndex: '0',
        logId: { keyId: id.toString('base64') },
        kindVersion: { kind: body.kind, version: body.apiVersion },
        integratedTime: '0',
        inclusionProof: {
          logIndex: '0',
          treeSize: '1',
          rootHash: leaf,
          hashes: [],
          checkpoint: { envelope: `${note}\n\u2014 ${origin} ${signature.toString('base64')}\n` },
        },
        canonicalizedBody: bytes.toString('base64'),
      });
    },
  };
}

/** A log as a trust root lists it. */
export function trustedLog(
  baseUrl: string,
  publicKey: KeyObject,
  keyDetails: string,
  validFrom: Date,
  id: Buffer = sha256(spkiOf(publicKey)),
): object {
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: spkiOf(publicKey).toString('base64'),
      keyDetails,
      validFor: { start: validFrom.toISOString() },
    },
    logId: { keyId: id.toString('base64') },
  };
}

/** JSON with sorted keys (RFC 8785, for the values that occur here). */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}

export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
