import { copyFile, mkdir } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { Secret } from '../../../src/secret.ts';
import type { S3Place } from '../../../src/stores/place.ts';
import { binary } from './binaries.ts';
import { makeCertificate } from './certificate.ts';
import {
  freePort,
  request,
  startProcess,
  temporaryFolder,
  type ServerProcess,
} from './server-process.ts';

/** A real S3 on loopback. */
export interface S3Server {
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** PEM file of the certificate to trust, when it serves TLS. */
  readonly ca: string | undefined;
  readonly log: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Where it is, and what it asks for. */
export type S3Access = Pick<S3Server, 'url' | 'accessKeyId' | 'secretAccessKey'>;

/** One that can go away and come back with what it held. */
export interface MortalS3Server extends S3Server {
  /** Ends it without warning. */
  readonly kill: () => Promise<void>;
  /** Starts it again after {@link kill} where it was. */
  readonly restart: () => Promise<void>;
}

/** The key that MinIO can be told to encrypt with. */
export const MINIO_KEY = 'map-key';

/** MinIO: checks signatures, knows conditions and versions. */
export async function startMinio(
  options: { readonly tls?: boolean } = {},
): Promise<MortalS3Server> {
  const { path: folder, remove } = await temporaryFolder('minio');
  const certificates = join(folder, 'certificates');
  await mkdir(certificates);
  const certificate = options.tls === true ? await makeCertificate(folder) : undefined;
  if (certificate !== undefined) {
    await copyFile(certificate.certificate, join(certificates, 'public.crt'));
    await copyFile(certificate.key, join(certificates, 'private.key'));
  }
  const host = `127.0.0.1:${await freePort()}`;
  const url = `${certificate === undefined ? 'http' : 'https'}://${host}`;
  const credentials = { accessKeyId: 'minio-user', secretAccessKey: 'minio-password' };
  const listen = ['--address', host, '--console-address', `127.0.0.1:${await freePort()}`];
  const start = async (): Promise<ServerProcess> =>
    startProcess(
      [binary('minio'), 'server', join(folder, 'data'), ...listen, '--certs-dir', certificates],
      folder,
      async () => isUp(`${url}/minio/health/ready`),
      {
        MINIO_ROOT_USER: credentials.accessKeyId,
        MINIO_ROOT_PASSWORD: credentials.secretAccessKey,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
        // Without a key service of its own it encrypts nothing.
        MINIO_KMS_SECRET_KEY: `${MINIO_KEY}:${Buffer.alloc(32, 7).toString('base64')}`,
      },
    );
  let server = await start();
  return {
    url,
    ...credentials,
    ca: certificate?.certificate,
    log: async () => server.log(),
    kill: async () => server.kill(),
    restart: async () => {
      server = await start();
    },
    stop: async () => {
      await server.stop();
      await remove();
    },
  };
}

/** gofakes3: in memory, knows conditions, checks no signature. */
export async function startGofakes3(): Promise<S3Server> {
  const { path: folder, remove } = await temporaryFolder('gofakes3');
  const host = `127.0.0.1:${await freePort()}`;
  const server = await startProcess(
    [binary('gofakes3'), '-backend', 'memory', '-host', host],
    folder,
    async () => isUp(`http://${host}/`),
  );
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  return { url: `http://${host}`, ...credentials, ca: undefined, ...stopping(server, remove) };
}

/** s3rver: ignores conditions. */
export async function startS3rver(): Promise<S3Server> {
  const { path: folder, remove } = await temporaryFolder('s3rver');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startProcess(
    [binary('s3rver'), '-d', join(folder, 'data'), '-a', '127.0.0.1', '-p', `${port}`],
    folder,
    async () => isUp(url),
  );
  const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
  return { url, ...credentials, ca: undefined, ...stopping(server, remove) };
}

/** A bucket as its owner sees it. */
export class S3Bucket {
  readonly name: string;
  readonly client: S3Client;
  readonly #server: S3Access;

  private constructor(server: S3Access, name: string, ca: string | undefined) {
    this.name = name;
    this.#server = server;
    this.client = new S3Client({
      endpoint: server.url,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: server,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      requestHandler: { httpsAgent: new Agent({ ca }) },
    });
  }

  /** One that is there. */
  static at(server: S3Access, name: string): S3Bucket {
    return new S3Bucket(server, name, undefined);
  }

  static async create(
    server: S3Access,
    name: string,
    { versioned = false, ca }: { readonly versioned?: boolean; readonly ca?: string } = {},
  ): Promise<S3Bucket> {
    const bucket = new S3Bucket(server, name, ca);
    const id = { Bucket: name };
    await bucket.client.send(new CreateBucketCommand(id));
    if (versioned) {
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await bucket.client.send(new PutBucketVersioningCommand({ ...id, VersioningConfiguration }));
    }
    return bucket;
  }

  /** A place of a store, through another endpoint where one is given. */
  place(key: string, more: Partial<S3Place> = {}): S3Place {
    return {
      kind: 's3',
      bucket: this.name,
      key,
      endpoint: this.#server.url,
      region: 'us-east-1',
      pathStyle: true,
      credentials: {
        accessKeyId: this.#server.accessKeyId,
        secretAccessKey: new Secret(this.#server.secretAccessKey),
      },
      ...more,
    };
  }

  async put(key: string, body: string | Uint8Array): Promise<void> {
    await this.client.send(new PutObjectCommand({ Bucket: this.name, Key: key, Body: body }));
  }

  async text(key: string): Promise<string> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.name, Key: key }));
    return (await Body?.transformToString()) ?? '';
  }

  async head(key: string): Promise<HeadObjectCommandOutput> {
    return this.client.send(new HeadObjectCommand({ Bucket: this.name, Key: key }));
  }

  async tags(key: string): Promise<Record<string, string>> {
    const id = { Bucket: this.name, Key: key };
    const { TagSet = [] } = await this.client.send(new GetObjectTaggingCommand(id));
    return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
  }

  /** The keys with a prefix. */
  async keys(prefix: string): Promise<string[]> {
    const query = { Bucket: this.name, Prefix: prefix };
    const { Contents = [] } = await this.client.send(new ListObjectsV2Command(query));
    return Contents.map(({ Key = '' }) => Key);
  }

  /** Credentials of a session that may do these things alone; MinIO gives them. */
  async sessionFor(
    actions: readonly string[],
    ca: string,
  ): Promise<NonNullable<S3Place['credentials']>> {
    const allowed = { Effect: 'Allow', Action: actions, Resource: 'arn:aws:s3:::*' };
    return this.sessionUnder([allowed], ca);
  }

  /** Credentials of a session under the statements of a policy. */
  async sessionUnder(
    Statement: readonly object[],
    ca: string,
  ): Promise<NonNullable<S3Place['credentials']>> {
    const provide = fromTemporaryCredentials({
      masterCredentials: this.#server,
      params: {
        RoleArn: 'arn:aws:iam::123456789012:role/any',
        RoleSessionName: 'test',
        Policy: JSON.stringify({ Version: '2012-10-17', Statement }),
      },
      clientConfig: {
        endpoint: this.#server.url,
        region: 'us-east-1',
        requestHandler: { httpsAgent: new Agent({ ca }) },
      },
    });
    const { accessKeyId, secretAccessKey, sessionToken = '' } = await provide();
    return {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      sessionToken: new Secret(sessionToken),
    };
  }
}

async function isUp(url: string): Promise<true | undefined> {
  const status = await request(url).catch(() => undefined);
  return status !== undefined && status < 500 ? true : undefined;
}

function stopping(
  server: { readonly log: () => Promise<string>; readonly stop: () => Promise<void> },
  remove: () => Promise<void>,
): Pick<S3Server, 'log' | 'stop'> {
  return {
    log: server.log,
    stop: async () => {
      await server.stop();
      await remove();
    },
  };
}
