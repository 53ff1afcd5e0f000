import { RegistryError, SignatureError } from '../errors.ts';
import type { Options } from '../options.ts';
import { plural } from '../measures.ts';
import {
  atDigest,
  formatReference,
  type Digest,
  type DigestReference,
  type Reference,
  type TagReference,
} from '../registry/reference.ts';
import type { SignatureVerifier, Verification } from '../signatures/signature-verifier.ts';
import { Integrity, type IntegrityOptions, type MissingPart } from './integrity.ts';
import type { VerifyMode } from './verify.ts';

/** An image that its tag shows at the target. */
export interface StandingImage {
  readonly source: Reference;
  /** What a run would put there; `undefined`: the source does not have it. */
  readonly wanted: Digest | undefined;
  readonly target: TagReference;
  /** What the tag names. */
  readonly digest: Digest;
}

/** Something wrong with an image that its tag does not tell. */
export interface Flaw {
  /** `incomplete`: it cannot be pulled in full. `unsigned`: what proved it is not there with it. */
  readonly kind: 'incomplete' | 'unsigned';
  /** What is wrong, without a full stop. */
  readonly problem: string;
  /** What mends it, in a sentence. */
  readonly next: string;
}

/** Looks at images as they stand at the target, beyond their tags. Changes nothing. */
export interface Inspector {
  /**
   * @returns empty for an image that is whole and whose signature is with it
   * @throws RegistryError a registry could not be asked
   * @throws SignatureError `TRUST_ROOT_UNAVAILABLE`
   */
  inspect(image: StandingImage, options?: Options): Promise<readonly Flaw[]>;
}

export interface InspectorOptions {
  readonly target: IntegrityOptions['registry'];
  readonly platforms?: IntegrityOptions['platforms'];
  /** `undefined`: signatures are not looked for, as they are not verified or not copied. */
  readonly signatures:
    | {
        readonly mode: VerifyMode;
        readonly atSource: SignatureVerifier;
        /** By the policy of the image at the source, as policies are chosen by where it comes from. */
        readonly atTarget: (
          image: DigestReference,
          source: Reference,
          options: Options,
        ) => Promise<Verification>;
      }
    | undefined;
}

const PARTS_NAMED = 3;

export function createInspector(options: InspectorOptions): Inspector {
  const { target, platforms, signatures } = options;
  const integrity = new Integrity({ registry: target, platforms });
  return {
    async inspect(image, own = {}): Promise<readonly Flaw[]> {
      const standing = atDigest(image.target, image.digest);
      const [missing, unsigned] = await Promise.all([
        integrity.missingParts(standing, own),
        signatures && lostSignature(image, standing, signatures, own),
      ]);
      return [
        ...(missing.length === 0 ? [] : [incomplete(image, missing)]),
        ...(unsigned === undefined ? [] : [unsigned]),
      ];
    },
  };
}

function incomplete(
  { target, digest, wanted }: StandingImage,
  missing: readonly MissingPart[],
): Flaw {
  const named = missing.slice(0, PARTS_NAMED).map(({ kind, digest }) => `${kind} ${digest}`);
  const more = missing.length > PARTS_NAMED ? [`${missing.length - PARTS_NAMED} more`] : [];
  const next =
    wanted === digest
      ? '`mirror run --repair` copies it again.'
      : 'The source no longer has this image: push it there again, or take its entry out of the map.';
  return {
    kind: 'incomplete',
    problem: `${formatReference(target)} is there, but the registry has lost ${plural(missing.length, 'part')} of it: ${[...named, ...more].join(', ')}`,
    next,
  };
}

/** A verdict at the target counts only against one at the source: a policy may have changed since. */
async function lostSignature(
  image: StandingImage,
  standing: DigestReference,
  { mode, atSource, atTarget }: NonNullable<InspectorOptions['signatures']>,
  options: Options,
): Promise<Flaw | undefined> {
  const verdict = await verdictOf(async () => atTarget(standing, image.source, options));
  if (verdict === undefined) return undefined;
  const problem = lackOf(verdict, formatReference(image.target));
  if (image.wanted !== image.digest) {
    return mode === 'enforce'
      ? { kind: 'unsigned', problem, next: 'The source has no such image to take one from.' }
      : undefined;
  }
  const atOrigin = atDigest(image.source, image.digest);
  const refusal = await verdictOf(async () => atSource.verify(atOrigin, options));
  if (refusal === undefined) {
    return {
      kind: 'unsigned',
      problem,
      next: 'The source has one: `mirror run --repair` copies it again.',
    };
  }
  // Without enforcement images stand there unsigned on purpose.
  if (mode !== 'enforce') return undefined;
  return {
    kind: 'unsigned',
    problem,
    next: 'Nor does the source have one: what `verify` accepts may have changed since it was mirrored. Take its entry out of the map unless you trust it.',
  };
}

/** The verdict's own words are for somebody who meets the image for the first time. */
function lackOf(verdict: Error, target: string): string {
  return verdict instanceof SignatureError && verdict.code === 'SIGNATURE_MISSING'
    ? `no signature is found with ${target}`
    : `no signature with ${target} is accepted: ${verdict.message.replace(/\.$/, '')}`;
}

/** Why it is not accepted; `undefined` if it is. */
async function verdictOf(
  verify: () => Promise<Verification>,
): Promise<SignatureError | RegistryError | undefined> {
  try {
    await verify();
    return undefined;
  } catch (error) {
    if (error instanceof SignatureError && error.code !== 'TRUST_ROOT_UNAVAILABLE') return error;
    // The signature is listed, but its own parts are gone.
    if (error instanceof RegistryError && error.code === 'REGISTRY_NOT_FOUND') return error;
    if (error instanceof RegistryError && error.code === 'DIGEST_MISMATCH') return error;
    throw error;
  }
}
