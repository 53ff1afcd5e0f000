import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { RestError } from '@azure/storage-blob';
import { Azurite } from '../servers/azurite.ts';
import { FakeGcs } from '../servers/fake-gcs.ts';
import { S3Bucket, startGofakes3, startMinio, type S3Server } from '../servers/s3-servers.ts';

/** A store of maps, as somebody uses it who does without the product. */
export interface Store {
  readonly name: string;
  /** `host:port` of the server; a relay may stand before it. `undefined`: a file needs none. */
  readonly host: string | undefined;
  /** A map of its own. */
  readonly place: (key: string) => Place;
  readonly stop: () => Promise<void>;
}

/** One map in a store. */
export interface Place {
  /** The section `map` of a configuration, the store being reached by `host`. */
  readonly settings: (host: string) => object;
  readonly read: () => Promise<string | undefined>;
  /** Writes it as a person's tool does: only if nobody did in between, otherwise once more. */
  readonly edit: (change: (text: string | undefined) => string) => Promise<void>;
  /** Everything that stands where the map stands, by its name. */
  readonly beside: () => Promise<readonly string[]>;
}

const CONTAINER = 'maps';

/** Maps in files, each in a folder that is made before. */
export function fileStore(): Store {
  return {
    name: 'file',
    host: undefined,
    place: (path) => {
      const read = (): string | undefined => {
        try {
          return readFileSync(path, 'utf8');
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
          throw error;
        }
      };
      return {
        settings: () => ({ store: `file:${path}` }),
        read: async () => read(),
        edit: async (change) => {
          const seen = read();
          const draft = `${path}~`;
          writeFileSync(draft, change(seen));
          // An editor looks whether the file has changed on disk, too.
          if (read() !== seen) throw new Error('the file has changed on disk');
          renameSync(draft, path);
        },
        beside: async () => readdir(dirname(path)),
      };
    },
    stop: async () => undefined,
  };
}

/** MinIO. */
export async function minioStore(): Promise<Store> {
  return s3Store('MinIO', await startMinio());
}

export async function gofakes3Store(): Promise<Store> {
  return s3Store('gofakes3', await startGofakes3());
}

async function s3Store(name: string, server: S3Server): Promise<Store> {
  const bucket = await S3Bucket.create(server, CONTAINER);
  const { accessKeyId, secretAccessKey } = server;
  return {
    name,
    host: new URL(server.url).host,
    stop: server.stop,
    place: (key) => {
      const id = { Bucket: CONTAINER, Key: key };
      const read = async () => {
        try {
          const { Body, ETag } = await bucket.client.send(new GetObjectCommand(id));
          return { text: await Body?.transformToString(), tag: ETag };
        } catch (error) {
          if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return undefined;
          throw error;
        }
      };
      return {
        settings: (host) => ({
          store: `s3://${CONTAINER}/${key}`,
          s3: {
            endpoint: `http://${host}`,
            region: 'us-east-1',
            pathStyle: true,
            credentials: { accessKeyId, secretAccessKey },
          },
        }),
        read: async () => (await read())?.text,
        edit: async (change) =>
          untilWon(async () => {
            const seen = await read();
            const condition =
              seen?.tag === undefined ? { IfNoneMatch: '*' } : { IfMatch: seen.tag };
            const Body = change(seen?.text);
            try {
              await bucket.client.send(new PutObjectCommand({ ...id, Body, ...condition }));
              return true;
            } catch (error) {
              const status =
                error instanceof S3ServiceException ? error.$metadata.httpStatusCode : 0;
              if (status === 412 || status === 409) return false;
              throw error;
            }
          }),
        beside: async () => bucket.keys(`${dirname(key)}/`),
      };
    },
  };
}

export async function azureStore(): Promise<Store> {
  const azurite = await Azurite.start();
  await azurite.createContainer(CONTAINER);
  const container = azurite.service.getContainerClient(CONTAINER);
  const { host, pathname } = new URL(azurite.endpoint);
  return {
    name: 'Azurite',
    host,
    stop: azurite.stop,
    place: (key) => {
      const { account, credentials } = azurite.place(CONTAINER, key);
      const accountKey = credentials?.kind === 'accountKey' ? credentials.accountKey.reveal() : '';
      const blob = container.getBlockBlobClient(key);
      const read = async () => {
        try {
          const { etag } = await blob.getProperties();
          const bytes = await blob.downloadToBuffer(0, undefined, {
            conditions: { ifMatch: etag ?? '' },
          });
          return { text: bytes.toString(), etag: etag ?? '' };
        } catch (error) {
          if (error instanceof RestError && error.statusCode === 404) return undefined;
          throw error;
        }
      };
      return {
        settings: (relay) => ({
          store: `azblob://${account}/${CONTAINER}/${key}`,
          azblob: { endpoint: `http://${relay}${pathname}`, credentials: { accountKey } },
        }),
        read: async () => {
          let text: string | undefined;
          await untilWon(async () => won(async () => (text = (await read())?.text)));
          return text;
        },
        edit: async (change) =>
          untilWon(async () =>
            won(async () => {
              const seen = await read();
              const conditions = seen === undefined ? { ifNoneMatch: '*' } : { ifMatch: seen.etag };
              const text = Buffer.from(change(seen?.text));
              await blob.upload(text, text.byteLength, { conditions });
            }),
          ),
        beside: async () => {
          const names: string[] = [];
          for await (const { name } of container.listBlobsFlat({ prefix: `${dirname(key)}/` })) {
            names.push(name);
          }
          return names;
        },
      };
    },
  };
}

export async function googleStore(): Promise<Store> {
  const gcs = await FakeGcs.start();
  await gcs.createBucket(CONTAINER);
  const objects = `${gcs.url}/storage/v1/b/${CONTAINER}/o/`;
  return {
    name: 'fake-gcs-server',
    host: new URL(gcs.url).host,
    stop: gcs.stop,
    place: (key) => {
      const read = async () => {
        const answer = await fetch(`${objects}${encodeURIComponent(key)}?alt=media`);
        if (answer.status === 404) return undefined;
        return { text: await answer.text(), is: answer.headers.get('x-goog-generation') };
      };
      return {
        settings: (host) => ({
          store: `gs://${CONTAINER}/${key}`,
          gs: { endpoint: `http://${host}`, credentials: { anonymous: true } },
        }),
        read: async () => (await read())?.text,
        edit: async (change) =>
          untilWon(async () => {
            const seen = await read();
            const query = `uploadType=media&name=${encodeURIComponent(key)}&ifGenerationMatch=${seen?.is ?? 0}`;
            const answer = await fetch(`${gcs.url}/upload/storage/v1/b/${CONTAINER}/o?${query}`, {
              method: 'POST',
              headers: { 'content-type': 'application/yaml' },
              body: change(seen?.text),
            });
            if (answer.status === 412) return false;
            if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
            return true;
          }),
        beside: async () => gcs.keys(CONTAINER, `${dirname(key)}/`),
      };
    },
  };
}

/** Whether an attempt met its condition, by Azure's word. */
async function won(attempt: () => Promise<unknown>): Promise<boolean> {
  try {
    await attempt();
    return true;
  } catch (error) {
    if (error instanceof RestError && [409, 412].includes(error.statusCode ?? 0)) return false;
    throw error;
  }
}

async function untilWon(attempt: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) if (await attempt()) return;
  throw new Error('others won a thousand times');
}

/** What of the things beside a map is not the map. */
export function litterOf(names: readonly string[], key: string): readonly string[] {
  return names.filter((name) => basename(name) !== basename(key));
}
