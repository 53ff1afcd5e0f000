import { MapStoreError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Options } from '../options.ts';
import type { Environment } from './agents.ts';
import { conflict, lasting, unavailable } from './failure.ts';
import type { ProvableMapStore, Revision, ScratchMapStore, StoredMap } from './map-store.ts';
import { decodeMapText, MAP_CONTENT_TYPE } from './map-text.ts';
import type { S3Concurrency, S3Place } from './place.ts';
import { connectS3, type S3Connection } from './s3/client.ts';
import { type ConditionSupport, etagFor, probeConditions } from './s3/conditions.ts';
import { isFailedCondition, reasonOf } from './s3/errors.ts';
import { S3Object, type S3PutSettings } from './s3/object.ts';
import { VersionHistory } from './s3/versions.ts';
import { sentSecrets } from './sent-secrets.ts';

const WRITER = 'sdr-mirror-writer';

export interface S3StoreOptions {
  readonly env: Environment;
  readonly logger: Logger;
  /** Who writes, for people who ask: kept as metadata. */
  readonly writer: string;
}

/** A map in Amazon S3 or a store that speaks its language. */
export async function createS3Store(
  place: S3Place,
  options: S3StoreOptions,
): Promise<ProvableMapStore> {
  const connection = await connectS3(place, options.env);
  const object = new S3Object(connection.client, place.bucket, place.key, putSettings(place));
  const concurrency = place.concurrency ?? 'conditional';
  if (place.insecureTls === true) {
    options.logger.warn(`s3://${place.bucket}: any certificate is accepted (insecureTls)`);
  }
  if (concurrency === 'single-writer') {
    options.logger.warn(
      `s3://${place.bucket}/${place.key} is written without regard to others (single-writer): an edit made at the same moment is lost`,
    );
  }
  const secrets = sentSecrets(place, options.env);
  return new S3Store(object, { ...options, concurrency, connection, secrets });
}

function putSettings(place: S3Place): S3PutSettings {
  const { encryption, storageClass, tags } = place;
  return {
    ContentType: place.contentType ?? MAP_CONTENT_TYPE,
    ...(encryption && {
      ServerSideEncryption: encryption.algorithm as NonNullable<
        S3PutSettings['ServerSideEncryption']
      >,
      ...(encryption.kmsKeyId !== undefined && { SSEKMSKeyId: encryption.kmsKeyId }),
    }),
    ...(storageClass !== undefined && {
      StorageClass: storageClass as NonNullable<S3PutSettings['StorageClass']>,
    }),
    ...(tags && { Tagging: new URLSearchParams(tags).toString() }),
  };
}

interface S3StoreContext extends S3StoreOptions {
  readonly concurrency: S3Concurrency;
  readonly connection: S3Connection;
  /** What the store may repeat when it refuses. */
  readonly secrets: readonly string[];
}

interface WriteOptions extends Options {
  readonly metadata: Readonly<Record<string, string>>;
}

class S3Store implements ScratchMapStore, ProvableMapStore {
  readonly location: string;
  readonly #object: S3Object;
  readonly #context: S3StoreContext;
  readonly #history: VersionHistory;
  #support: ConditionSupport | undefined;

  constructor(object: S3Object, context: S3StoreContext, support?: ConditionSupport) {
    this.location = `s3://${object.bucket}/${object.key}`;
    this.#object = object;
    this.#context = context;
    this.#history = new VersionHistory(object, this.location);
    this.#support = support ?? (context.connection.isAmazon ? { kind: 'quoted' } : undefined);
  }

  async read(options: Options = {}): Promise<StoredMap | undefined> {
    const byVersion = this.#context.concurrency === 'versions';
    const found = await this.#explained('read', options, () =>
      byVersion ? this.#history.head(options) : this.#object.get(options),
    );
    if (found === undefined) return undefined;
    const writer = found.metadata[WRITER];
    return {
      text: decodeMapText(found.bytes, this.location),
      revision: ((byVersion ? found.versionId : undefined) ?? found.etag) as Revision,
      ...(writer !== undefined && { writer }),
    };
  }

  async write(
    text: string,
    expected: Revision | undefined,
    options: Options = {},
  ): Promise<Revision> {
    const { concurrency, writer } = this.#context;
    const withWriter: WriteOptions = { ...options, metadata: { [WRITER]: writer } };
    return this.#explained('write', options, async () => {
      const revision =
        concurrency === 'conditional'
          ? await this.#writeConditionally(text, expected, withWriter)
          : concurrency === 'versions'
            ? await this.#history.append(text, expected, withWriter)
            : await this.#writeAlone(text, expected, withWriter);
      return revision as Revision;
    });
  }

  scratch(suffix: string): ScratchMapStore {
    return new S3Store(this.#object.beside(suffix), this.#context, this.#support);
  }

  async remove(options: Options = {}): Promise<void> {
    await this.#explained('remove', options, () => this.#object.deleteVersions(options));
  }

  async #writeConditionally(
    text: string,
    expected: Revision | undefined,
    options: WriteOptions,
  ): Promise<string> {
    const support = await this.#assertConditionsHold(options);
    try {
      const { etag } = await this.#object.put(
        text,
        expected === undefined ? { ifNoneMatch: '*' } : { ifMatch: etagFor(support, expected) },
        options,
      );
      return etag;
    } catch (error) {
      if (isFailedCondition(error)) throw conflict(this.location, error, this.#context.secrets);
      throw error;
    }
  }

  async #writeAlone(
    text: string,
    expected: Revision | undefined,
    options: WriteOptions,
  ): Promise<string> {
    const current = await this.#object.get(options);
    if (current?.etag !== expected) throw conflict(this.location);
    const { etag } = await this.#object.put(text, { unconditional: true }, options);
    return etag;
  }

  async #assertConditionsHold(options: Options): Promise<ConditionSupport> {
    const { logger } = this.#context;
    this.#support ??= await probeConditions(this.#object, options, {
      onLeftOver: (key, error) =>
        logger.warn(
          `s3://${this.#object.bucket}/${key} was written to try the store and could not be removed: ${reasonOf(error).words}`,
        ),
      onUnseen: (error) =>
        logger.debug(
          `${this.location}: could not look for what killed jobs left beside it: ${reasonOf(error).words}`,
        ),
    });
    const support = this.#support;
    if (support.kind === 'ignored' || support.kind === 'refused') {
      const reason = lasting(
        `the store does not keep two writers apart: ${support.detail}. Set map.s3.concurrency to "versions" if the bucket keeps versions, to "single-writer" if nobody else ever writes the map, people included, or use a store with conditional writes`,
      );
      throw unavailable(this.location, 'write', reason, undefined);
    }
    return support;
  }

  async #explained<T>(verb: string, { signal }: Options, action: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof MapStoreError) throw error;
      throw unavailable(this.location, verb, reasonOf(error), error, this.#context.secrets);
    }
  }
}
