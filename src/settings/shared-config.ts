import type { SignaturePolicy } from '../signatures/policy.ts';
import type { ComponentLocation } from '../stores/dapr-component.ts';
import type { MapStoreSettings } from '../stores/open.ts';

// What the sections that both programs share become. Apart from what makes it: these types are part
// of the library, and the validator's are not.

/** Where the map lies, for `openMapStore`. */
export interface MapPlaceConfig {
  /**
   * A location, or the orchestrator's own component that describes the place. Paths in either are
   * absolute.
   */
  readonly store: string | ComponentLocation;
  /** Goes beside it: at most the one that fits the store. */
  readonly settings: MapStoreSettings;
}

/** Whose signatures count, and what is done about an image without one. */
export interface VerifyConfig {
  readonly mode: 'enforce' | 'warn' | 'off';
  /** Age of an image up to which a missing signature is pending, not a failure. */
  readonly graceSeconds: number;
  readonly policy: SignaturePolicy;
  /** The first whose `match`, a glob on the repository, fits replaces `policy`. */
  readonly overrides: readonly { readonly match: string; readonly policy: SignaturePolicy }[];
  readonly trustRoot: TrustRootLocation;
}

export type TrustRootLocation =
  | { readonly kind: 'public' }
  | {
      /** A TUF repository. */
      readonly kind: 'tuf';
      readonly url: string;
      /** Its `root.json`; absolute. */
      readonly rootFile: string;
    }
  | {
      readonly kind: 'file';
      /** Absolute. */
      readonly path: string;
    };
