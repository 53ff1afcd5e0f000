import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Lab } from './lab.ts';

const clients = new Map<string, S3Client>();

/** Writes a map into the bucket of the lab, as somebody else. */
export async function putMap(lab: Lab, key: string, text: string): Promise<void> {
  await clientOf(lab).send(new PutObjectCommand({ Bucket: lab.bucket, Key: key, Body: text }));
}

/** The map in the bucket of the lab; rejects with `NoSuchKey` where there is none. */
export async function readMap(lab: Lab, key: string): Promise<string> {
  const command = new GetObjectCommand({ Bucket: lab.bucket, Key: key });
  const { Body } = await clientOf(lab).send(command);
  return (await Body?.transformToString()) ?? '';
}

function clientOf({ s3 }: Lab): S3Client {
  const known = clients.get(s3.url);
  if (known !== undefined) return known;
  const client = new S3Client({
    endpoint: s3.url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: s3,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  clients.set(s3.url, client);
  return client;
}
