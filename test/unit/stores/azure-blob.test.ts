import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { ConfigError, MapStoreError } from '../../../src/errors.ts';
import { publish } from '../../../src/mirror/publish.ts';
import { Secret } from '../../../src/secret.ts';
import { createAzureBlobStore } from '../../../src/stores/azure-blob.ts';
import type { ProvableMapStore } from '../../../src/stores/map-store.ts';
import type { AzureBlobPlace } from '../../../src/stores/place.ts';
import { isMapStoreError, mapStoreContract } from '../../contracts/map-store.ts';
import { type AzureFault, FakeAzure } from '../../fakes/azure-server.ts';

const CONTAINER = 'maps';
const KEY = 'sdr/image map.yaml';
const ACCOUNT_KEY = Buffer.from('sesame').toString('base64');

let azure: FakeAzure;
before(async () => {
  azure = await FakeAzure.start();
});
after(() => azure.stop());
beforeEach(() => {
  azure.faults.length = 0;
  azure.requests.length = 0;
  azure.outage = undefined;
  azure.isLeased = false;
  azure.createContainer(CONTAINER);
});

async function open(
  place: Partial<AzureBlobPlace> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<ProvableMapStore> {
  return createAzureBlobStore(
    {
      kind: 'azblob',
      account: 'acct',
      container: CONTAINER,
      key: KEY,
      endpoint: azure.endpoint,
      credentials: { kind: 'accountKey', accountKey: new Secret(ACCOUNT_KEY) },
      ...place,
    },
    { env, writer: 'sdr-mirror of a test' },
  );
}

/** As {@link open}, with nothing said about credentials. */
async function openAmbient(env: Readonly<Record<string, string>>): Promise<ProvableMapStore> {
  return createAzureBlobStore(
    {
      kind: 'azblob',
      account: 'acct',
      container: CONTAINER,
      key: KEY,
      endpoint: azure.endpoint,
    },
    { env, writer: 'sdr-mirror of a test' },
  );
}

/** How the first request of a store is signed. */
async function requestOf(store: ProvableMapStore) {
  await store.read();
  const { url, headers } = azure.requests[0]!;
  return { signature: headers.authorization?.split(':')[0], sas: url.searchParams.get('sig') };
}

function edit(text: string = ''): string {
  return `${text}# edited\n`;
}

function fails(words: RegExp) {
  return (error: unknown): boolean => {
    isMapStoreError('MAP_UNAVAILABLE')(error);
    assert.ok(error instanceof MapStoreError && !error.retryable);
    assert.match(error.message, /^azblob:\/\/acct\/maps\/sdr\/image map\.yaml: could not /);
    assert.match(error.message, words);
    return true;
  };
}

mapStoreContract('Azure Blob Storage', () => {
  const key = `${randomUUID()}/map.yaml`;
  return {
    open: () => open({ key }),
    editByHand: (text) => azure.put(CONTAINER, key, text),
    putBytes: (bytes) => azure.put(CONTAINER, key, bytes),
  };
});

describe('what is sent with the map', () => {
  test('content type, tags, encryption scope, and who wrote it', async () => {
    const store = await open({ tags: { team: 'data & more' }, encryptionScope: 'maps' });
    await store.write('# 1\n', undefined);
    const headers = azure.requests[0]?.headers ?? {};
    assert.equal(headers['x-ms-blob-content-type'], 'application/yaml');
    assert.equal(headers['x-ms-tags'], 'team=data%20%26%20more');
    assert.equal(headers['x-ms-encryption-scope'], 'maps');
    assert.equal((await store.read())?.writer, 'sdr-mirror of a test');
  });
});

describe('credentials', () => {
  const sas = 'sv=2024-01-01&sig=sesame';

  test('a SAS token, with or without its question mark', async () => {
    for (const token of [sas, `?${sas}`]) {
      azure.requests.length = 0;
      const store = await open({ credentials: { kind: 'sas', token: new Secret(token) } });
      assert.deepEqual(await requestOf(store), { signature: undefined, sas: 'sesame' });
    }
  });

  test('a connection string', async () => {
    const text = `DefaultEndpointsProtocol=http;AccountName=acct;AccountKey=${ACCOUNT_KEY};BlobEndpoint=${azure.endpoint}`;
    const store = await open({
      credentials: { kind: 'connectionString', connectionString: new Secret(text) },
    });
    assert.equal((await requestOf(store)).signature, 'SharedKey acct');
  });

  test('a connection string that is none', async () => {
    const connectionString = new Secret('AccountKey=sesame');
    await assert.rejects(
      open({ credentials: { kind: 'connectionString', connectionString } }),
      (error) => error instanceof ConfigError && !error.message.includes('sesame'),
    );
  });

  test('a connection string of another account than the location names', async () => {
    const connectionString = new Secret(`AccountName=other;AccountKey=${ACCOUNT_KEY}`);
    await assert.rejects(
      open({ credentials: { kind: 'connectionString', connectionString } }),
      (error) =>
        error instanceof ConfigError && /account "other", the map is in "acct"/.test(error.message),
    );
  });

  test('what Azure’s command line reads from the environment', async () => {
    const text = `DefaultEndpointsProtocol=http;AccountName=acct;AccountKey=${ACCOUNT_KEY};BlobEndpoint=${azure.endpoint}`;
    const cases = [
      [{ AZURE_STORAGE_CONNECTION_STRING: text }, { signature: 'SharedKey acct', sas: null }],
      [{ AZURE_STORAGE_KEY: ACCOUNT_KEY }, { signature: 'SharedKey acct', sas: null }],
      [
        { AZURE_STORAGE_ACCOUNT: 'acct', AZURE_STORAGE_SAS_TOKEN: sas },
        { signature: undefined, sas: 'sesame' },
      ],
    ] as const;
    for (const [env, expected] of cases) {
      azure.requests.length = 0;
      assert.deepEqual(await requestOf(await openAmbient(env)), expected);
    }
  });

  test('no token is sent without TLS, and what is for another account is let be', async () => {
    const text = `DefaultEndpointsProtocol=http;AccountName=other;AccountKey=${ACCOUNT_KEY};BlobEndpoint=${azure.endpoint}`;
    const store = await openAmbient({
      AZURE_STORAGE_CONNECTION_STRING: text,
      AZURE_STORAGE_ACCOUNT: 'other',
      AZURE_STORAGE_KEY: ACCOUNT_KEY,
    });
    await assert.rejects(store.read(), isMapStoreError('MAP_UNAVAILABLE'));
    assert.equal(azure.requests.length, 0);
  });
});

describe('failures', () => {
  for (const [name, fault] of [
    ['500 after it was stored', { after: true, status: 500, code: 'InternalError' }],
    ['a connection cut after it was stored', { after: true, reset: true }],
    ['503', { status: 503, code: 'ServerBusy' }],
    ['a connection cut before it was stored', { reset: true }],
  ] satisfies [string, AzureFault][]) {
    test(`${name}: published all the same, once`, async () => {
      const store = await open();
      await store.write('# 1\n', undefined);
      azure.faults.push(fault);
      const { changed } = await publish({ store, edit });
      assert.equal(changed, true);
      assert.equal(azure.text(CONTAINER, KEY), '# 1\n# edited\n');
    });
  }

  test('a leased blob is no conflict: asking again does not help', async () => {
    const store = await open();
    azure.put(CONTAINER, KEY, '# 1\n');
    azure.isLeased = true;
    await assert.rejects(
      publish({ store, edit }),
      fails(/somebody holds a lease .*: break or release/),
    );
    assert.equal(azure.requests.filter(({ method }) => method === 'PUT').length, 1);
  });

  for (const [status, code, words] of [
    [403, 'AuthenticationFailed', /the credentials were refused/],
    [403, 'AuthorizationPermissionMismatch', /Storage Blob Data Contributor/],
    [403, 'AuthorizationFailure', /firewall/],
    [404, 'ContainerNotFound', /the container does not exist/],
    [409, 'ContainerBeingDeleted', /being deleted/],
    [400, 'SomethingNew', /400 SomethingNew: SomethingNew of a test\.$/],
  ] as const) {
    test(`${status} ${code} is said in words, and not asked again`, async () => {
      const store = await open();
      azure.outage = { status, code };
      await assert.rejects(publish({ store, edit }), fails(words));
      assert.equal(azure.requests.length, 1);
    });
  }

  test('a server that is not there may come back', async () => {
    const store = await open({ endpoint: 'http://127.0.0.1:1/acct' });
    await assert.rejects(store.read(), (error) => {
      isMapStoreError('MAP_UNAVAILABLE')(error);
      return (
        error instanceof MapStoreError && error.retryable && /ECONNREFUSED/.test(error.message)
      );
    });
  });

  test('no secret is in the error or anything it carries', async () => {
    const token = new Secret('sv=2024-01-01&sig=sesame');
    const store = await open({ credentials: { kind: 'sas', token } });
    azure.outage = { status: 403, code: 'AuthenticationFailed' };
    const error: unknown = await store.read().catch((reason: unknown) => reason);
    assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), /sesame/);
  });
});
