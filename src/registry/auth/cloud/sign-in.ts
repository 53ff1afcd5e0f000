import type { Options } from '../../../options.ts';
import type { StoredCredential } from '../docker-config.ts';

/** A credential that a cloud gave to this workload, and how long it may be used. */
export interface CloudToken {
  readonly credential: StoredCredential;
  /** Milliseconds since 1970, by the cloud's clock. */
  readonly expiresAt: number;
  /** Completes "signed in by …". */
  readonly by: string;
}

/**
 * Signs in at a cloud's registry as the workload this is.
 *
 * @throws NoIdentityError where this workload has none; RegistryError where it has one that was
 *   refused, or nobody could be asked
 */
export type CloudSignIn = (options?: Options) => Promise<CloudToken>;

/** This workload has no identity in the cloud whose registry it is about. */
export class NoIdentityError extends Error {
  override readonly name = 'NoIdentityError';
}
