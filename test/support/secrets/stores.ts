import { generateKeyPairSync } from 'node:crypto';
import { FakeAzure } from '../../fakes/azure-server.ts';
import { FakeGcsServer } from '../../fakes/gcs-server.ts';
import { FakeS3 } from '../../fakes/s3-server.ts';
import { core, mark } from './marks.ts';
import type { Wording } from './echo.ts';

/** A store that is used by secrets of its own. */
export interface SecretStore {
  /** Base URL of the server. */
  readonly url: string;
  /** The map that it keeps. */
  readonly map: () => string;
  readonly stop: () => void;
  /** The section `map` of a configuration, the server being reached there. */
  readonly section: (url: string) => string;
  /** What the section takes from the environment. */
  readonly env: (url: string) => Readonly<Record<string, string>>;
  /** Whether the secret `session` goes to the store; `storekey` goes nowhere. */
  readonly hearsSession: boolean;
  /** Besides what is marked: what must be nowhere as it is. */
  readonly others: readonly string[];
  readonly wording: Wording;
}

/** A key as Azure gives them, in base64. */
const ACCOUNT_KEY = Buffer.from(`-${core('storekey')}-`).toString('base64');
const SIGNED = `sv=2024-05-04&sp=rcwl&sig=${encodeURIComponent(mark('session'))}`;

/** Every way to be let into a store by a secret that a configuration holds. */
export const STORES: Readonly<Record<string, () => Promise<SecretStore>>> = {
  'S3, by a session': s3,
  'Azure, by the key of the account': async () =>
    azure({ hearsSession: false, name: 'accountKey', value: () => ACCOUNT_KEY }),
  'Azure, by a shared access signature': async () =>
    azure({ hearsSession: true, name: 'sasToken', value: () => SIGNED }),
  'Azure, by a connection string with the key': async () =>
    azure({
      hearsSession: false,
      name: 'connectionString',
      value: (url) =>
        `DefaultEndpointsProtocol=http;AccountName=acct;AccountKey=${ACCOUNT_KEY};BlobEndpoint=${url}/acct;`,
    }),
  'Azure, by a connection string with a signature': async () =>
    azure({
      hearsSession: true,
      name: 'connectionString',
      value: (url) => `BlobEndpoint=${url}/acct;SharedAccessSignature=${SIGNED}`,
    }),
  'Google, by the key of a service account': google,
};

async function s3(): Promise<SecretStore> {
  const server = await FakeS3.start();
  server.createBucket('maps');
  return {
    url: server.url,
    map: () => server.text('maps', 'map.yaml') ?? '',
    stop: () => server.stop(),
    section: (url) => `
  store: s3://maps/map.yaml
  s3:
    endpoint: ${url}
    region: us-east-1
    pathStyle: true
    credentials: { accessKeyId: AKID, secretAccessKey: "\${STORE_KEY}", sessionToken: "\${SESSION}" }`,
    env: () => ({ STORE_KEY: mark('storekey'), SESSION: mark('session') }),
    hearsSession: true,
    others: [],
    wording: 's3',
  };
}

async function azure(by: {
  readonly hearsSession: boolean;
  readonly name: string;
  readonly value: (url: string) => string;
}): Promise<SecretStore> {
  const server = await FakeAzure.start();
  server.createContainer('maps');
  return {
    url: new URL(server.endpoint).origin,
    map: () => server.text('maps', 'map.yaml') ?? '',
    stop: () => server.stop(),
    section: (url) => `
  store: azblob://acct/maps/map.yaml
  azblob: { endpoint: "${url}/acct", credentials: { ${by.name}: "\${STORE_KEY}" } }`,
    env: (url) => ({ STORE_KEY: by.value(url) }),
    hearsSession: by.hearsSession,
    others: [],
    wording: 's3',
  };
}

async function google(): Promise<SecretStore> {
  const server = await FakeGcsServer.start();
  server.createBucket('maps');
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { format: 'pem', type: 'spki' },
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
  });
  return {
    url: server.url,
    map: () => server.text('maps', 'map.yaml') ?? '',
    stop: () => server.stop(),
    section: (url) => `
  store: gs://maps/map.yaml
  gs:
    endpoint: ${url}
    credentials: { clientEmail: job@acme.example, privateKey: "\${STORE_KEY}" }`,
    env: () => ({ STORE_KEY: privateKey }),
    hearsSession: false,
    others: privateKey.split('\n').filter((line) => line.length > 40),
    wording: 'json',
  };
}
