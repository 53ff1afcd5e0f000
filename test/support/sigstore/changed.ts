import { attachAsReferrer, attachByTag } from './attach.ts';
import { VENDOR } from './identities.ts';
import type { PrivateSigstore } from './private-sigstore.ts';
import type { Refusal, Scene } from './scene.ts';
import {
  signBundle,
  signClassic,
  type BundleOptions,
  type ClassicOptions,
  type SignatureLayer,
} from './sign.ts';

/** Changes a signature after it was made. */
export type Change = (layer: SignatureLayer) => SignatureLayer | Promise<SignatureLayer>;

/** Refusals of the vendor's signatures that were changed, or made under these options. */
export interface ChangedSignatures {
  readonly classic: (
    says: RegExp,
    change?: Change,
    options?: ClassicOptions,
    more?: Partial<Refusal>,
  ) => Refusal;
  readonly bundle: (
    says: RegExp,
    change?: Change,
    options?: BundleOptions,
    more?: Partial<Refusal>,
  ) => Refusal;
}

export function changedSignatures(sigstore: PrivateSigstore): ChangedSignatures {
  return {
    classic: (says, change, options, more) => ({
      given: async ({ repository, image }: Scene): Promise<void> => {
        const layer = await signClassic(sigstore, image.digest, VENDOR, options);
        attachByTag(repository, image.descriptor, [(await change?.(layer)) ?? layer]);
      },
      says,
      ...more,
    }),
    bundle: (says, change, options, more) => ({
      given: async ({ repository, image }: Scene): Promise<void> => {
        const layer = await signBundle(sigstore, image.digest, VENDOR, options);
        attachAsReferrer(repository, image.descriptor, (await change?.(layer)) ?? layer);
      },
      says,
      ...more,
    }),
  };
}
