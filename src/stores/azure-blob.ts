import type { BlockBlobClient, BlockBlobUploadOptions } from '@azure/storage-blob';
import { MapStoreError } from '../errors.ts';
import type { Options } from '../options.ts';
import type { Environment } from './agents.ts';
import { connectAzure } from './azure/client.ts';
import { azureCodeOf, isFailedCondition, reasonOf } from './azure/errors.ts';
import { conflict, unavailable } from './failure.ts';
import type { ProvableMapStore, Revision, ScratchMapStore, StoredMap } from './map-store.ts';
import { assertMapSize, decodeMapText, MAP_CONTENT_TYPE } from './map-text.ts';
import type { AzureBlobPlace } from './place.ts';
import { sentSecrets } from './sent-secrets.ts';

// Metadata names must be identifiers there.
const WRITER = 'sdrmirrorwriter';

export interface AzureBlobStoreOptions {
  readonly env: Environment;
  /** Who writes, for people who ask: kept as metadata. */
  readonly writer: string;
}

/** A map in Azure Blob Storage. */
export async function createAzureBlobStore(
  place: AzureBlobPlace,
  { env, writer }: AzureBlobStoreOptions,
): Promise<ProvableMapStore> {
  const openBlob = await connectAzure(place, env);
  const settings = {
    blobHTTPHeaders: { blobContentType: place.contentType ?? MAP_CONTENT_TYPE },
    metadata: { [WRITER]: writer },
    ...(place.tags && { tags: { ...place.tags } }),
    ...(place.encryptionScope !== undefined && { encryptionScope: place.encryptionScope }),
  };
  return new AzureBlobStore(place, openBlob, settings, sentSecrets(place, env));
}

class AzureBlobStore implements ScratchMapStore, ProvableMapStore {
  readonly location: string;
  readonly #place: AzureBlobPlace;
  readonly #openBlob: (key: string) => BlockBlobClient;
  readonly #settings: BlockBlobUploadOptions;
  readonly #blob: BlockBlobClient;
  /** What the store may repeat when it refuses. */
  readonly #secrets: readonly string[];

  constructor(
    place: AzureBlobPlace,
    openBlob: (key: string) => BlockBlobClient,
    settings: BlockBlobUploadOptions,
    secrets: readonly string[],
  ) {
    this.location = `azblob://${place.account}/${place.container}/${place.key}`;
    this.#place = place;
    this.#openBlob = openBlob;
    this.#settings = settings;
    this.#secrets = secrets;
    this.#blob = openBlob(place.key);
  }

  async read(options: Options = {}): Promise<StoredMap | undefined> {
    return this.#explained('read', options, async () => {
      try {
        const { etag, metadata, contentLength, readableStreamBody } = await this.#blob.download(
          0,
          undefined,
          { maxRetryRequests: 3, ...abortable(options) },
        );
        assertMapSize(contentLength ?? 0, this.location);
        const chunks: Buffer[] = [];
        for await (const chunk of readableStreamBody ?? []) chunks.push(Buffer.from(chunk));
        const writer = metadata?.[WRITER];
        return {
          text: decodeMapText(Buffer.concat(chunks), this.location),
          revision: etag as Revision,
          ...(writer !== undefined && { writer }),
        };
      } catch (error) {
        if (azureCodeOf(error) === 'BlobNotFound') return undefined;
        throw error;
      }
    });
  }

  async write(
    text: string,
    expected: Revision | undefined,
    options: Options = {},
  ): Promise<Revision> {
    return this.#explained('write', options, async () => {
      const bytes = Buffer.from(text, 'utf8');
      try {
        const { etag } = await this.#blob.upload(bytes, bytes.byteLength, {
          ...this.#settings,
          conditions: expected === undefined ? { ifNoneMatch: '*' } : { ifMatch: expected },
          ...abortable(options),
        });
        return etag as Revision;
      } catch (error) {
        if (isFailedCondition(error)) throw conflict(this.location, error, this.#secrets);
        throw error;
      }
    });
  }

  scratch(suffix: string): ScratchMapStore {
    const place = { ...this.#place, key: `${this.#place.key}${suffix}` };
    return new AzureBlobStore(place, this.#openBlob, this.#settings, this.#secrets);
  }

  async remove(options: Options = {}): Promise<void> {
    await this.#explained('remove', options, () => this.#blob.deleteIfExists(abortable(options)));
  }

  async #explained<T>(verb: string, { signal }: Options, action: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof MapStoreError) throw error;
      throw unavailable(this.location, verb, reasonOf(error), error, this.#secrets);
    }
  }
}

function abortable({ signal }: Options): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
