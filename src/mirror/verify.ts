import { errorMessage, SignatureError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Options } from '../options.ts';
import type { DigestReference } from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { SignatureVerifier, Verification } from '../signatures/signature-verifier.ts';
import { imageAgeSeconds } from './image-age.ts';
import type { ImageReport } from './report.ts';

/** What is done about an image without an acceptable signature. */
export type VerifyMode = 'enforce' | 'warn' | 'off';

/** An image that may be copied, with the evidence, or with the reason why none was asked for. */
export interface VerifiedImage {
  readonly source: DigestReference;
  readonly verification: Verification | undefined;
  /** Why an image goes on without a signature: the mode is not `enforce`. */
  readonly waived: string | undefined;
}

/** An image so young that its signature may still be on its way. */
export class SignaturePending extends SignatureError {
  constructor(message: string, cause: SignatureError) {
    super('SIGNATURE_MISSING', message, cause);
  }
}

export interface VerifyDependencies {
  readonly verifier: SignatureVerifier;
  readonly source: RegistryReader;
  readonly mode: VerifyMode;
  /** Age up to which a missing signature is reported as pending, not as a failure; 0: at no age. */
  readonly graceSeconds: number;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Reaches the verdict before any other byte of the image is used.
 *
 * @throws SignatureError the image may not be mirrored
 * @throws SignaturePending it may not be mirrored yet
 */
export async function verify(
  source: DigestReference,
  dependencies: VerifyDependencies,
  options: Options,
): Promise<VerifiedImage> {
  const { verifier, mode, logger } = dependencies;
  if (mode === 'off') {
    return { source, verification: undefined, waived: 'verification is switched off' };
  }
  try {
    const verification = await verifier.verify(source, options);
    return { source, verification, waived: undefined };
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    if (mode === 'warn') {
      logger.warn(`mirrored without an acceptable signature: ${error.message}`, {
        code: error.code,
        digest: source.digest,
      });
      return { source, verification: undefined, waived: error.message };
    }
    throw await pendingIfYoung(error, source, dependencies, options);
  }
}

/** What a report says of a verification. */
export function evidenceOf({
  verification,
  waived,
}: VerifiedImage): Pick<ImageReport, 'verification' | 'unverified'> {
  return {
    ...(verification === undefined ? {} : { verification }),
    ...(waived === undefined ? {} : { unverified: waived }),
  };
}

async function pendingIfYoung(
  error: SignatureError,
  source: DigestReference,
  { source: registry, graceSeconds, logger, now }: VerifyDependencies,
  options: Options,
): Promise<SignatureError> {
  if (error.code !== 'SIGNATURE_MISSING' || graceSeconds === 0) return error;
  let age: number | undefined;
  try {
    age = await imageAgeSeconds(registry, source, now(), options);
  } catch (cause) {
    options.signal?.throwIfAborted();
    // The verdict stands by itself: what cannot be shown to be young counts as old.
    logger.debug(`the age of an unsigned image is not known: ${errorMessage(cause)}`);
  }
  // A creation time in the future is no proof of youth: clocks differ, and the field is free text.
  if (age === undefined || age < -graceSeconds || age > graceSeconds) return error;
  return new SignaturePending(
    `${error.message} The image was created ${Math.max(Math.round(age / 60), 0)} minutes ago, so its signature may still be on its way: the next run looks again.`,
    error,
  );
}
