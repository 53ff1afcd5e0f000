import type { Envelope } from '@sigstore/bundle';
import { isDigest, type Digest } from '../registry/reference.ts';
import { isJsonObject, objectAt, parseJsonObject } from './json.ts';
import { invalid, shown } from './reject.ts';
import type { Claim } from './signed.ts';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_TYPES = new Set([
  'https://in-toto.io/Statement/v1',
  'https://in-toto.io/Statement/v0.1',
]);

/** The predicate that makes a statement a signature; every other one attests something. */
export const COSIGN_SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';

/** A statement about more images than this is no image's. */
const MAX_SUBJECTS = 10_000;

/**
 * Reads the in-toto statement of an envelope.
 *
 * @throws SignatureError
 */
export function readStatement(envelope: Envelope): Claim {
  if (envelope.payloadType !== PAYLOAD_TYPE) {
    throw invalid(`the payload is ${shown(envelope.payloadType)}, not ${PAYLOAD_TYPE}`);
  }
  const statement = parseJsonObject(envelope.payload, 'the signed statement');
  const { _type: type, predicateType } = statement;
  if (typeof type !== 'string' || !STATEMENT_TYPES.has(type)) {
    throw invalid(`the signed statement is of type ${shown(type)}, which is not known`);
  }
  if (typeof predicateType !== 'string') {
    throw invalid('the signed statement does not say what it states (predicateType)');
  }
  const digests = subjectsOf(statement['subject']);
  if (predicateType === COSIGN_SIGN_PREDICATE) return { kind: 'signature', digests };
  return {
    kind: 'attestation',
    digests,
    predicateType,
    predicate: objectAt(statement, 'predicate'),
  };
}

function subjectsOf(subjects: unknown): Digest[] {
  if (!Array.isArray(subjects) || subjects.length > MAX_SUBJECTS) {
    throw invalid('the signed statement has no usable list of subjects');
  }
  return subjects.map(digestOfSubject).filter((digest) => digest !== undefined);
}

function digestOfSubject(subject: unknown): Digest | undefined {
  if (!isJsonObject(subject)) return undefined;
  const hex = objectAt(subject, 'digest')['sha256'];
  const digest = `sha256:${String(hex)}`;
  return typeof hex === 'string' && isDigest(digest) ? digest : undefined;
}
