import { dirname } from 'node:path';
import { BlobServiceClient, RestError, StorageSharedKeyCredential } from '@azure/storage-blob';
import { CONTAINER, untilWon, type Store } from './map-store.ts';

/** What there is to know of a store that runs, and can be told to another process. */
export interface AzureAddress {
  readonly kind: 'azblob';
  /** With the account. */
  readonly endpoint: string;
  readonly account: string;
  readonly accountKey: string;
}

/** Maps in a container that is there. */
export function azureStore({ endpoint, account, accountKey }: AzureAddress): Store {
  const credential = new StorageSharedKeyCredential(account, accountKey);
  const service = new BlobServiceClient(endpoint, credential);
  const container = service.getContainerClient(CONTAINER);
  const { host, pathname } = new URL(endpoint);
  return {
    name: 'Azurite',
    host,
    secrets: [accountKey],
    place: (key) => {
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
