import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import {
  BlobSASPermissions,
  generateBlobSASQueryParameters,
  type StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { MapStoreError } from '../../../src/errors.ts';
import { publish } from '../../../src/mirror/publish.ts';
import { Secret } from '../../../src/secret.ts';
import { createAzureBlobStore } from '../../../src/stores/azure-blob.ts';
import { checkMapStore } from '../../../src/stores/check.ts';
import type { ProvableMapStore } from '../../../src/stores/map-store.ts';
import type { AzureBlobPlace } from '../../../src/stores/place.ts';
import { mapStoreFaults } from '../../contracts/map-store-faults.ts';
import { mapStoreContract } from '../../contracts/map-store.ts';
import { startAzureAuthority } from '../../support/azure-authority.ts';
import { assertNothingIsLost } from '../../support/many-writers.ts';
import { Azurite } from '../../support/servers/azurite.ts';
import { findBinary, requireServer } from '../../support/servers/binaries.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';

async function open(
  place: AzureBlobPlace,
  env: Readonly<Record<string, string>> = {},
): Promise<ProvableMapStore> {
  return createAzureBlobStore(place, { env, writer: 'sdr-mirror of a test' });
}

function fails(words: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof MapStoreError, String(error));
    assert.equal(error.code, 'MAP_UNAVAILABLE');
    assert.equal(error.retryable, false);
    assert.match(error.message, words);
    return true;
  };
}

function newKey(): string {
  return `${randomUUID()}/image-map.yaml`;
}

function edit(text: string = ''): string {
  return `${text}# edited\n`;
}

if (findBinary('azurite-blob') === undefined) {
  test('Azurite is installed', (t) => void requireServer(t, 'azurite-blob'));
} else {
  const azurite = await Azurite.start();
  after(azurite.stop);
  await azurite.createContainer('maps');
  const container = azurite.service.getContainerClient('maps');

  mapStoreContract('Azurite', () => {
    const key = newKey();
    return {
      open: () => open(azurite.place('maps', key)),
      editByHand: (text) => azurite.put('maps', key, text),
      putBytes: (bytes) => azurite.put('maps', key, bytes),
    };
  });

  mapStoreFaults('Azurite', async () => {
    const key = newKey();
    const { origin, pathname } = new URL(azurite.endpoint);
    const at = (url: string) => azurite.place('maps', key, { endpoint: `${url}${pathname}` });
    return { url: origin, open: (url) => open(at(url)) };
  });

  test('sixteen writers and a person lose nothing', async () => {
    const key = newKey();
    await assertNothingIsLost(() => open(azurite.place('maps', key)));
  });

  test('the check proves it, and leaves nothing', async () => {
    const key = newKey();
    const steps = await checkMapStore(await open(azurite.place('maps', key)));
    assert.deepEqual(
      steps.filter(({ outcome }) => outcome !== 'ok'),
      [],
    );
    const left = [];
    for await (const { name } of container.listBlobsFlat({ prefix: key })) left.push(name);
    assert.deepEqual(left, []);
  });

  test('content type and tags are kept', async () => {
    const key = newKey();
    const store = await open(azurite.place('maps', key, { tags: { team: 'data: maps' } }));
    await store.write('# 1\n', undefined);
    const blob = container.getBlobClient(key);
    assert.equal((await blob.getProperties()).contentType, 'application/yaml');
    assert.deepEqual((await blob.getTags()).tags, { team: 'data: maps' });
  });

  test('a lease is told in words, and the blob left as it is', async (t) => {
    const key = newKey();
    await azurite.put('maps', key, '# 1\n');
    const lease = container.getBlobClient(key).getBlobLeaseClient();
    await lease.acquireLease(15);
    t.after(() => lease.breakLease(0));
    const store = await open(azurite.place('maps', key));
    await assert.rejects(publish({ store, edit }), fails(/somebody holds a lease on the blob/));
    assert.equal((await store.read())?.text, '# 1\n');
  });

  test('a container that does not exist is not an empty map', async () => {
    const store = await open(azurite.place('nowhere', 'map.yaml'));
    await assert.rejects(store.read(), fails(/the container does not exist/));
    await assert.rejects(store.write('# 1\n', undefined), fails(/the container does not exist/));
  });

  test('a key that is wrong', async () => {
    const accountKey = new Secret(Buffer.from('wrong').toString('base64'));
    const store = await open(
      azurite.place('maps', 'map.yaml', { credentials: { kind: 'accountKey', accountKey } }),
    );
    await assert.rejects(store.read(), fails(/the credentials are wrong/));
  });

  test('a connection string from the environment', async () => {
    const store = await open(azurite.ambientPlace('maps', newKey()), {
      AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString(),
    });
    await store.write('# 1\n', undefined);
    assert.equal((await store.read())?.text, '# 1\n');
  });

  test('a SAS token: as far as it goes, and no longer than it lasts', async () => {
    const key = newKey();
    await azurite.put('maps', key, '# 1\n');
    const sign = (permissions: string, expiresInMs: number): AzureBlobPlace => {
      const signed = generateBlobSASQueryParameters(
        {
          containerName: 'maps',
          blobName: key,
          permissions: BlobSASPermissions.parse(permissions),
          startsOn: new Date(Date.now() - 3_600_000),
          expiresOn: new Date(Date.now() + expiresInMs),
        },
        azurite.service.credential as StorageSharedKeyCredential,
      );
      const token = new Secret(signed.toString());
      return azurite.place('maps', key, { credentials: { kind: 'sas', token } });
    };
    await publish({ store: await open(sign('rcw', 60_000)), edit });
    const readOnly = await open(sign('r', 60_000));
    assert.equal((await readOnly.read())?.text, '# 1\n# edited\n');
    await assert.rejects(publish({ store: readOnly, edit }), fails(/access denied|credentials/));
    const expired = await open(sign('rcw', -60_000));
    await assert.rejects(expired.read(), fails(/credentials .* have expired/));
  });
}

if (findBinary('azurite-blob') !== undefined && findBinary('openssl') !== undefined) {
  const secure = await Azurite.start({ tls: true });
  after(secure.stop);
  const { certificate } = secure;
  assert.ok(certificate);
  const ca = await readFile(certificate.certificate, 'utf8');

  test('a private authority is trusted where it is named', async () => {
    const store = await open(secure.place('maps', 'map.yaml', { ca }));
    await assert.rejects(store.read(), fails(/the container does not exist/));
    const without = await open(secure.place('maps', 'map.yaml'));
    await assert.rejects(without.read(), fails(/certificate is not trusted/));
  });

  test('the workload identity of a Kubernetes service account', async (t) => {
    const tenant = '22222222-2222-2222-2222-222222222222';
    const authority = await startAzureAuthority(certificate, tenant);
    const tokens = await temporaryFolder('azure-token');
    const usual = { env: { ...process.env }, authorities: getCACertificates('default') };
    t.after(async () => {
      process.env = usual.env;
      setDefaultCACertificates(usual.authorities);
      authority.stop();
      await tokens.remove();
    });
    setDefaultCACertificates([...usual.authorities, ca]);
    const env = {
      AZURE_AUTHORITY_HOST: authority.url,
      AZURE_TENANT_ID: tenant,
      AZURE_CLIENT_ID: '11111111-1111-1111-1111-111111111111',
      AZURE_FEDERATED_TOKEN_FILE: join(tokens.path, 'token'),
    };
    await writeFile(env.AZURE_FEDERATED_TOKEN_FILE, 'projected-token');
    Object.assign(process.env, env);

    await secure.createContainer('federated');
    const store = await open(secure.ambientPlace('federated', 'map.yaml'), env);
    const revision = await store.write('# 1\n', undefined);
    assert.equal((await store.read())?.revision, revision);
    assert.match(authority.asked.join('\n'), /client_assertion=projected-token/);
  });
}
