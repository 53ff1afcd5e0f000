import { Azurite } from '../servers/azurite.ts';
import { FakeGcs } from '../servers/fake-gcs.ts';
import { S3Bucket, startGofakes3, startMinio, type S3Server } from '../servers/s3-servers.ts';
import { azureStore, type AzureAddress } from './azure.ts';
import { fileStore } from './file.ts';
import { googleStore, type GoogleAddress } from './google.ts';
import { CONTAINER, type StartedStore, type Store } from './map-store.ts';
import { s3Store, type S3Address } from './s3.ts';

/** A store that runs, as another process can be told of it. */
export type StoreAddress = S3Address | AzureAddress | GoogleAddress | { readonly kind: 'file' };

export type StoreName = 'MinIO' | 'gofakes3' | 'Azurite' | 'fake-gcs-server';

/** The program that each needs, and how it is started. */
export const STORES: Readonly<Record<StoreName, StoreRecipe>> = {
  MinIO: { needs: ['minio'], start: async () => s3('MinIO', await startMinio()) },
  gofakes3: { needs: ['gofakes3'], start: async () => s3('gofakes3', await startGofakes3()) },
  Azurite: { needs: ['azurite-blob'], start: azurite },
  'fake-gcs-server': { needs: ['fake-gcs-server'], start: fakeGcs },
};

export interface StoreRecipe {
  readonly needs: readonly string[];
  readonly start: () => Promise<StartedAddress>;
}

export interface StartedAddress {
  readonly address: StoreAddress;
  readonly stop: () => Promise<void>;
}

const opened = new WeakMap<StoreAddress, Store>();

/** The store at an address; the same one for the same address, so that its connections are. */
export function storeAt(address: StoreAddress): Store {
  const store = opened.get(address) ?? open(address);
  opened.set(address, store);
  return store;
}

function open(address: StoreAddress): Store {
  if (address.kind === 's3') return s3Store(address);
  if (address.kind === 'azblob') return azureStore(address);
  if (address.kind === 'gs') return googleStore(address);
  return fileStore();
}

/** Starts one for this process. */
export async function startStore({ start }: StoreRecipe): Promise<StartedStore> {
  const { address, stop } = await start();
  return { ...storeAt(address), stop };
}

async function s3(name: string, server: S3Server): Promise<StartedAddress> {
  const { url, accessKeyId, secretAccessKey, stop } = server;
  const bucket = await S3Bucket.create(server, CONTAINER);
  bucket.client.destroy();
  return { address: { kind: 's3', name, url, accessKeyId, secretAccessKey }, stop };
}

async function azurite(): Promise<StartedAddress> {
  const server = await Azurite.start();
  await server.createContainer(CONTAINER);
  const { endpoint, account, accountKey, stop } = server;
  return { address: { kind: 'azblob', endpoint, account, accountKey }, stop };
}

async function fakeGcs(): Promise<StartedAddress> {
  const server = await FakeGcs.start();
  await server.createBucket(CONTAINER);
  return { address: { kind: 'gs', url: server.url }, stop: server.stop };
}
