import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Options } from '../../options.ts';
import { isMissingObject } from './errors.ts';
import { assertMapSize } from '../map-text.ts';

/** Versions looked back at; writers race for seconds, not for fifty versions. */
const HISTORY = 50;
/** More than anything that is tried out writes. */
const MAX_SCRATCH_VERSIONS = 100;

/** An object at one moment: all of one answer. */
export interface S3Snapshot {
  readonly bytes: Uint8Array;
  /** As the store sent it, quotes included. */
  readonly etag: string;
  /** Only in versioned buckets. */
  readonly versionId: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** One entry of a key's history. */
export interface S3Version {
  readonly versionId: string;
  /** A delete marker: from here on there was no object. */
  readonly isDeletion: boolean;
}

/** What a write demands of what is there. */
export type S3Condition =
  | { readonly ifMatch: string }
  | { readonly ifNoneMatch: '*' }
  | { readonly unconditional: true };

/** Settings that go with every write. */
export type S3PutSettings = Partial<PutObjectCommandInput>;

/** One key of a bucket. Errors are the SDK's. */
export class S3Object {
  readonly bucket: string;
  readonly key: string;
  readonly #client: S3Client;
  readonly #settings: S3PutSettings;

  constructor(client: S3Client, bucket: string, key: string, settings: S3PutSettings) {
    this.#client = client;
    this.bucket = bucket;
    this.key = key;
    this.#settings = settings;
  }

  /** The object of the same bucket under this key and a suffix. */
  beside(suffix: string): S3Object {
    return new S3Object(this.#client, this.bucket, `${this.key}${suffix}`, this.#settings);
  }

  /** `undefined` if there is no such object, or no such version. */
  async get(options: Options & { readonly versionId?: string }): Promise<S3Snapshot | undefined> {
    try {
      const { Body, ETag, VersionId, Metadata, ContentLength } = await this.#client.send(
        new GetObjectCommand({ ...this.#id(), VersionId: options.versionId }),
        sendOptions(options),
      );
      assertMapSize(ContentLength ?? 0, `s3://${this.bucket}/${this.key}`);
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      if (ETag === undefined)
        throw new Error('the answer has no ETag: something on the way drops it');
      return { bytes, etag: ETag, versionId: VersionId, metadata: Metadata ?? {} };
    } catch (error) {
      if (isMissingObject(error)) return undefined;
      throw error;
    }
  }

  async put(
    text: string,
    condition: S3Condition,
    options: Options & { readonly metadata?: Readonly<Record<string, string>> },
  ): Promise<{ readonly etag: string; readonly versionId: string | undefined }> {
    const { ETag, VersionId } = await this.#client.send(
      new PutObjectCommand({
        ...this.#settings,
        ...this.#id(),
        // A stream would be sent in chunks that many stores do not take.
        Body: Buffer.from(text, 'utf8'),
        ...(options.metadata === undefined ? {} : { Metadata: { ...options.metadata } }),
        ...('ifMatch' in condition ? { IfMatch: condition.ifMatch } : {}),
        ...('ifNoneMatch' in condition ? { IfNoneMatch: condition.ifNoneMatch } : {}),
      }),
      sendOptions(options),
    );
    if (ETag === undefined)
      throw new Error('the answer has no ETag: something on the way drops it');
    return { etag: ETag, versionId: VersionId };
  }

  /**
   * Deletes the object, and in a versioned bucket every version of it, whoever wrote them: for
   * objects of one's own, some of whose writes may have succeeded without anybody knowing.
   */
  async deleteVersions(options: Options): Promise<void> {
    for (let count = 0; count < MAX_SCRATCH_VERSIONS; count += 1) {
      const found = await this.get(options);
      if (found === undefined) return;
      const { versionId } = found;
      await this.delete(versionId === undefined ? options : { ...options, versionId });
    }
  }

  /** Without `versionId` a versioned bucket keeps the versions, and only hides them. */
  async delete(options: Options & { readonly versionId?: string }): Promise<void> {
    await this.#client.send(
      new DeleteObjectCommand({ ...this.#id(), VersionId: options.versionId }),
      sendOptions(options),
    );
  }

  /** The objects whose keys start with this one and a suffix; up to a thousand. */
  async listBeside(
    suffix: string,
    options: Options,
  ): Promise<
    readonly { readonly key: string; readonly suffix: string; readonly modifiedAt: number }[]
  > {
    const { Contents = [] } = await this.#client.send(
      new ListObjectsV2Command({ Bucket: this.bucket, Prefix: `${this.key}${suffix}` }),
      sendOptions(options),
    );
    return Contents.map(({ Key = '', LastModified }) => ({
      key: Key,
      suffix: Key.slice(this.key.length),
      modifiedAt: LastModified?.getTime() ?? 0,
    }));
  }

  /** The newest versions and delete markers of this key, newest first. */
  async versions(options: Options): Promise<readonly S3Version[]> {
    const { Versions = [], DeleteMarkers = [] } = await this.#client.send(
      new ListObjectVersionsCommand({
        Bucket: this.bucket,
        Prefix: this.key,
        MaxKeys: HISTORY,
      }),
      sendOptions(options),
    );
    const deletions = new Set(DeleteMarkers.map(({ VersionId }) => VersionId));
    // Each list is in order, but not one to the other: of a second that holds both the latest is
    // known, and otherwise what was deleted had been there before.
    return [...DeleteMarkers, ...Versions]
      .filter(({ Key, VersionId }) => Key === this.key && VersionId !== undefined)
      .sort(
        (a, b) =>
          Number(b.IsLatest ?? false) - Number(a.IsLatest ?? false) ||
          (b.LastModified?.getTime() ?? 0) - (a.LastModified?.getTime() ?? 0),
      )
      .map(({ VersionId = '' }) => ({
        versionId: VersionId,
        isDeletion: deletions.has(VersionId),
      }));
  }

  /** Whether the bucket keeps every version that is overwritten. */
  async isVersioned(options: Options): Promise<boolean> {
    const { Status } = await this.#client.send(
      new GetBucketVersioningCommand({ Bucket: this.bucket }),
      sendOptions(options),
    );
    return Status === 'Enabled';
  }

  #id(): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.bucket, Key: this.key };
  }
}

function sendOptions({ signal }: Options): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
