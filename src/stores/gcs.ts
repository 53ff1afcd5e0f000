import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type CreateWriteStreamOptions, type File, Storage } from '@google-cloud/storage';
import { type AuthClient, JWT, PassThroughClient } from 'google-auth-library';
import { MapStoreError } from '../errors.ts';
import type { Options } from '../options.ts';
import type { Environment } from './agents.ts';
import { conflict, unavailable } from './failure.ts';
import { mayPass, reasonOf, statusOf } from './gcs/errors.ts';
import type { ProvableMapStore, Revision, ScratchMapStore, StoredMap } from './map-store.ts';
import { decodeMapText, MAP_CONTENT_TYPE, MAX_MAP_BYTES } from './map-text.ts';
import type { GcsPlace } from './place.ts';
import { retried } from './retry.ts';
import { sentSecrets } from './sent-secrets.ts';

const WRITER = 'sdr-mirror-writer';
const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';
const REQUEST_MS = 30_000;

export interface GcsStoreOptions {
  readonly env: Environment;
  /** Who writes, for people who ask: kept as metadata. */
  readonly writer: string;
}

/** A map in Google Cloud Storage. */
export async function createGcsStore(
  place: GcsPlace,
  { env, writer }: GcsStoreOptions,
): Promise<ProvableMapStore> {
  return new GcsStore(connect(place, env), place, writer, sentSecrets(place, env));
}

function connect({ projectId, endpoint, credentials }: GcsPlace, env: Environment): Storage {
  return new Storage({
    // Without one the SDK asks the metadata server, and waits where there is none. No request for
    // an object needs the right one.
    projectId: projectId ?? env['GOOGLE_CLOUD_PROJECT'] ?? 'none',
    // It gives up on later retries once it has made a call without a precondition, and repeats
    // writes whose outcome is unknown: publishing has a loop of its own.
    retryOptions: { autoRetry: false },
    ...(endpoint !== undefined && {
      apiEndpoint: endpoint,
      // Otherwise no token is sent to an endpoint that is not Google's.
      useAuthWithCustomEndpoint: true,
    }),
    ...(credentials !== undefined && { authClient: authenticate(credentials) }),
  });
}

function authenticate(credentials: NonNullable<GcsPlace['credentials']>): AuthClient {
  if (credentials.kind === 'anonymous') return new PassThroughClient();
  const client = new JWT({
    email: credentials.clientEmail,
    key: credentials.privateKey.reveal(),
    scopes: [SCOPE],
  });
  // The store takes what the key signs: no token server has to be reached first.
  client.useJWTAccessWithScope = true;
  return client;
}

class GcsStore implements ScratchMapStore, ProvableMapStore {
  readonly location: string;
  readonly #storage: Storage;
  readonly #place: GcsPlace;
  readonly #writer: string;
  /** What the store may repeat when it refuses. */
  readonly #secrets: readonly string[];

  constructor(storage: Storage, place: GcsPlace, writer: string, secrets: readonly string[]) {
    this.location = `gs://${place.bucket}/${place.key}`;
    this.#storage = storage;
    this.#place = place;
    this.#writer = writer;
    this.#secrets = secrets;
  }

  async read(options: Options = {}): Promise<StoredMap | undefined> {
    return this.#explained('read', options, () =>
      retried(() => this.#download(options), mayPass, options),
    );
  }

  async write(
    text: string,
    expected: Revision | undefined,
    options: Options = {},
  ): Promise<Revision> {
    return this.#explained('write', options, async () => {
      const file = this.#file();
      const settings: CreateWriteStreamOptions = {
        resumable: false,
        // A checksum that does not fit makes the SDK delete the object, whoever wrote it by then.
        validation: false,
        preconditionOpts: { ifGenerationMatch: expected ?? '0' },
        metadata: {
          contentType: this.#place.contentType ?? MAP_CONTENT_TYPE,
          metadata: { ...this.#place.tags, [WRITER]: this.#writer },
        },
      };
      try {
        const body = Readable.from([Buffer.from(text, 'utf8')]);
        await pipeline(body, file.createWriteStream(settings), { signal: timeLimit(options) });
      } catch (error) {
        const status = statusOf(error);
        // 429: the object takes about one write a second, and others are writing it.
        if (status === 412 || status === 429) throw conflict(this.location, error, this.#secrets);
        throw error;
      }
      return String(file.metadata.generation) as Revision;
    });
  }

  scratch(suffix: string): ScratchMapStore {
    const place = { ...this.#place, key: `${this.#place.key}${suffix}` };
    return new GcsStore(this.#storage, place, this.#writer, this.#secrets);
  }

  async remove(options: Options = {}): Promise<void> {
    await this.#explained('remove', options, () => this.#file().delete({ ignoreNotFound: true }));
  }

  #file(): File {
    const { bucket, key, kmsKeyName } = this.#place;
    const options = kmsKeyName === undefined ? {} : { kmsKeyName };
    return this.#storage.bucket(bucket).file(key, options);
  }

  async #download(options: Options): Promise<StoredMap | undefined> {
    try {
      return await this.#downloadPresent(options);
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
    // The object may be missing, or its bucket: listing tells.
    const { bucket, key } = this.#place;
    const query = { prefix: key, maxResults: 1, autoPaginate: false };
    await this.#storage.bucket(bucket).getFiles(query);
    return undefined;
  }

  /**
   * Body and generation of one answer. Not by the SDK: its streams give the body alone, and its
   * other requests make text of the bytes.
   */
  async #downloadPresent(options: Options): Promise<StoredMap> {
    const { bucket, key } = this.#place;
    const path = `b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(key)}`;
    const { data, headers } = await this.#storage.authClient.request<ArrayBuffer>({
      url: `${this.#storage.apiEndpoint}/storage/v1/${path}?alt=media`,
      responseType: 'arraybuffer',
      signal: timeLimit(options),
      retry: false,
      maxContentLength: MAX_MAP_BYTES,
    });
    const generation = headers.get('x-goog-generation');
    if (generation === null) {
      throw new Error('the answer has no x-goog-generation: something on the way drops it');
    }
    const writer = headers.get(`x-goog-meta-${WRITER}`);
    return {
      text: decodeMapText(new Uint8Array(data), this.location),
      revision: generation as Revision,
      ...(writer !== null && { writer }),
    };
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

function timeLimit({ signal }: Options): AbortSignal {
  const limit = AbortSignal.timeout(REQUEST_MS);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}
