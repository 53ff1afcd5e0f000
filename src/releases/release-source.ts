import type { Options } from '../options.ts';

/** One image the tenant may run, as announced by the vendor. */
export interface Release {
  /** Image reference as announced: `atlanhq/atlan-teradata-app:3.1.4`. The map's keys keep it. */
  readonly image: string;
  /** `teradata`; absent for images the configuration adds by hand. */
  readonly appName?: string;
  readonly appId?: string;
  readonly version?: string;
  readonly versionId?: string;
}

/** Where the run learns which images to mirror. */
export interface ReleaseSource {
  /** For logs and errors; no credentials. */
  readonly location: string;

  /**
   * Current releases, each image once, in the order announced.
   *
   * @returns An empty list means none announced, never "could not ask".
   * @throws ReleaseSourceError
   */
  latest(options?: Options): Promise<ReleaseList>;
}

export interface ReleaseList {
  readonly releases: readonly Release[];
  /** Entries without a usable image, in words for the operator; the others are not lost. */
  readonly skipped: readonly string[];
}
