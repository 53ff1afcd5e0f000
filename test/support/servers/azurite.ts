import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { Secret } from '../../../src/secret.ts';
import type { AzureBlobPlace } from '../../../src/stores/place.ts';
import { binary } from './binaries.ts';
import { type Certificate, makeCertificate } from './certificate.ts';
import { freePort, request, startProcess, temporaryFolder } from './server-process.ts';

/** Azurite's one account; its key is published. */
const ACCOUNT = 'devstoreaccount1';
const KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** A real Azure Blob service, but for its size, on loopback. */
export class Azurite {
  /** Base URL of the account's blob service. */
  readonly endpoint: string;
  readonly account: string = ACCOUNT;
  readonly accountKey: string = KEY;
  /** What it serves TLS with, if it does. */
  readonly certificate: Certificate | undefined;
  readonly service: BlobServiceClient;
  readonly stop: () => Promise<void>;

  private constructor(options: {
    readonly url: string;
    readonly certificate: Certificate | undefined;
    readonly stop: () => Promise<void>;
  }) {
    this.endpoint = `${options.url}/${ACCOUNT}`;
    this.certificate = options.certificate;
    this.stop = options.stop;
    const key = new StorageSharedKeyCredential(ACCOUNT, KEY);
    this.service = new BlobServiceClient(this.endpoint, key);
  }

  static async start({ tls = false }: { readonly tls?: boolean } = {}): Promise<Azurite> {
    const { path: folder, remove } = await temporaryFolder('azurite');
    const certificate = tls ? await makeCertificate(folder) : undefined;
    const port = await freePort();
    const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
    const options = ['--skipApiVersionCheck', '--inMemoryPersistence', '--disableTelemetry'];
    const listen = ['--blobHost', '127.0.0.1', '--blobPort', `${port}`];
    const secure =
      certificate === undefined
        ? []
        : ['--cert', certificate.certificate, '--key', certificate.key, '--oauth', 'basic'];
    const server = await startProcess(
      [binary('azurite-blob'), ...options, ...listen, ...secure],
      folder,
      async () => request(url).catch(() => undefined),
    );
    const stop = async (): Promise<void> => {
      await server.stop();
      await remove();
    };
    return new Azurite({ url, certificate, stop });
  }

  /** A place of a store, in a container that is there. */
  place(container: string, key: string, more: Partial<AzureBlobPlace> = {}): AzureBlobPlace {
    return {
      kind: 'azblob',
      account: ACCOUNT,
      container,
      key,
      endpoint: this.endpoint,
      credentials: { kind: 'accountKey', accountKey: new Secret(KEY) },
      ...more,
    };
  }

  /** A place of a store that says nothing of credentials. */
  ambientPlace(container: string, key: string): AzureBlobPlace {
    return { kind: 'azblob', account: ACCOUNT, container, key, endpoint: this.endpoint };
  }

  /** What the portal shows; for another account where one is named. */
  connectionString(account: string = ACCOUNT): string {
    return `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${KEY};BlobEndpoint=${this.endpoint};`;
  }

  async createContainer(name: string): Promise<void> {
    await this.service.createContainer(name);
  }

  async put(container: string, key: string, body: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(body as Uint8Array);
    const blob = this.service.getContainerClient(container).getBlockBlobClient(key);
    await blob.upload(bytes, bytes.byteLength);
  }
}
