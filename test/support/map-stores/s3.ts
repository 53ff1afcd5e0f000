import { dirname } from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { S3Bucket } from '../servers/s3-servers.ts';
import { CONTAINER, untilWon, type Store } from './map-store.ts';

/** What there is to know of a store that runs, and can be told to another process. */
export interface S3Address {
  readonly kind: 's3';
  readonly name: string;
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Maps in a bucket that is there. */
export function s3Store(address: S3Address): Store {
  const { name, url, accessKeyId, secretAccessKey } = address;
  const bucket = S3Bucket.at(address, CONTAINER);
  return {
    name,
    host: new URL(url).host,
    secrets: [secretAccessKey],
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
