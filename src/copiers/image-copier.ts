import type { Options } from '../options.ts';
import type { Digest, DigestReference, TagReference } from '../registry/reference.ts';

/** Copies images without changing them. */
export interface ImageCopier {
  /**
   * Copies a manifest and all it refers to, with the signatures and attestations of the index and
   * of its children; the tag is written last. Repeatable: what is there is not sent again.
   *
   * @returns `target.digest === source.digest`, as read back from the target unless the caller does
   *   that; always, unless the operator wants indexes rewritten, and then `rewritten` says so
   * @throws RegistryError naming the failing side
   */
  copy(source: DigestReference, target: TagReference, options?: CopyOptions): Promise<CopyResult>;

  /**
   * Tells which digest a copy of an image has, where that is not simply the image's own: indexes are
   * rewritten. Absent where they are not.
   */
  readonly copiedDigest?: (source: DigestReference, options?: Options) => Promise<Digest>;
}

export interface CopyOptions extends Options {
  /** Called as bytes move; for displays, never for decisions. */
  readonly onProgress?: (progress: CopyProgress) => void;
  /** What the target's tag has been seen to name; the copier asks where it is not told. */
  readonly atTarget?: {
    readonly digest: Digest | undefined;
    /** By `performance.now()`: what was seen long before the tag is written is looked at again. */
    readonly seenAt: number;
  };
  /**
   * What to do where another image has come under the tag meanwhile; `overwrite` by default. No
   * registry writes a tag on a condition: between the last look and the writing there is a moment left.
   */
  readonly existing?: 'refuse' | 'overwrite';
  /**
   * Looks at everything the image refers to, though the target has its manifest: what was lost there
   * is sent again. Without it, what has its manifest is taken to be whole.
   */
  readonly repair?: boolean;
  /**
   * Whether the tag is asked for after it was written; it is by default. `false` is for a caller who
   * asks himself before anything relies on the copy.
   */
  readonly readBack?: boolean;
}

export interface CopyProgress {
  /** Bytes of blobs that this copy has to account for; grows while manifests are read. */
  readonly totalBytes: number;
  /** Bytes accounted for: sent, mounted, or found at the target. */
  readonly doneBytes: number;
}

export interface CopyResult {
  /** What the target's tag names. */
  readonly digest: Digest;
  /** Manifests written, the image's own and its attachments'. */
  readonly manifests: number;
  readonly blobs: {
    readonly uploaded: number;
    readonly mounted: number;
    /** Already at the target. */
    readonly present: number;
  };
  /** Bytes of blobs sent to the target. */
  readonly bytes: number;
  /** Platforms of the image that the target now has, each once: `linux/amd64`; empty if it names none. */
  readonly platforms: readonly string[];
  /** Platforms that the index lists and the target lacks, as was asked for; absent if there are none. */
  readonly omitted?: readonly string[];
  /** The index was rewritten: another digest, to which no signature applies. Absent if it was not. */
  readonly rewritten?: { readonly from: Digest; readonly to: Digest };
  /** Signatures, attestations and SBOMs that are now at the target with the image. */
  readonly attachments: number;
}
