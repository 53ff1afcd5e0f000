import * as v from 'valibot';
import type { SignatureEvidence, Verification } from '../../signatures/signature-verifier.ts';
import type { Evidence } from '../evidence.ts';
import { bytes, digest, text, time } from './fields.ts';

const signer = v.variant('kind', [
  v.object({
    kind: v.literal('certificate'),
    subject: text('Subject alternative name: for a GitHub workflow, its URI.'),
    issuer: text('Who vouches for the subject.'),
    extensions: v.pipe(
      v.record(v.string(), v.string()),
      v.description("The certificate's extensions by name."),
    ),
  }),
  v.object({
    kind: v.literal('key'),
    name: text('The configured name of the public key.'),
  }),
]);

const signature = {
  format: v.picklist(['classic', 'bundle']),
  foundAt: v.object({
    place: v.picklist(['referrers', 'fallback-tag', 'classic-tag']),
    reference: text("The tag, or the referrer manifest's digest."),
  }),
  signer,
  signedAt: v.optional(
    time('When the signature was made, by the transparency log or a timestamp authority.'),
  ),
  logIndex: v.optional(text('Index in the transparency log: decimal text, as it may exceed 2^53.')),
};

/** JSON leaves out what is `undefined`; the types have it there. */
function withAbsent<Found extends Partial<Pick<SignatureEvidence, 'signedAt' | 'logIndex'>>>(
  found: Found,
): Found & Pick<SignatureEvidence, 'signedAt' | 'logIndex'> {
  return { ...found, signedAt: found.signedAt, logIndex: found.logIndex };
}

const attestation = v.pipe(
  v.object({ ...signature, predicateType: text('What the attestation is about.') }),
  v.transform(withAbsent),
);

export const verification: v.GenericSchema<unknown, Verification> = v.pipe(
  v.object({
    ...signature,
    digest: digest('What is signed.'),
    coSignatures: v.exactOptional(
      v.pipe(
        v.array(v.pipe(v.object(signature), v.transform(withAbsent))),
        v.description('Signatures of further signers, where the policy asks for several.'),
      ),
    ),
    attestations: v.exactOptional(
      v.pipe(v.array(attestation), v.description('The attestations that the policy asks for.')),
    ),
  }),
  v.transform(withAbsent),
  v.description('The evidence of an accepted signature.'),
);

export const evidence: v.GenericSchema<unknown, Evidence> = v.object({
  target: text('The reference at the target.'),
  digest: digest('What stands there.'),
  at: time('Start of the run that verified it.'),
  verification: v.exactOptional(verification),
  unverified: v.exactOptional(text('Why it was mirrored without an accepted signature.')),
  platforms: v.exactOptional(
    v.pipe(v.array(v.string()), v.description('Platforms of the image there: `linux/amd64`.')),
  ),
  size: v.exactOptional(bytes('Bytes of its blobs.')),
});
