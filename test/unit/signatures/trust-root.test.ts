import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SignatureError } from '../../../src/errors.ts';
import { createLogger, silentLogger } from '../../../src/log.ts';
import { fileTrustRoot } from '../../../src/signatures/trust-root-file.ts';
import { publicTrustRoot, tufTrustRoot } from '../../../src/signatures/trust-root-tuf.ts';
import { trustMaterial } from '../../../src/signatures/parse-trust-root.ts';
import type { TrustRootSource } from '../../../src/signatures/trust-root.ts';
import {
  createPrivateSigstore,
  type PrivateSigstore,
} from '../../support/sigstore/private-sigstore.ts';
import { startTufRepository, type TufRepository } from '../../support/sigstore/tuf-repository.ts';

const sigstore = await createPrivateSigstore();
const elsewhere = await createPrivateSigstore();
const DAY_MS = 24 * 60 * 60 * 1000;
const logId = logIdOf(sigstore.trustedRoot);

/** What a TUF client of ours has: a cache, the repository's root, what it warned of, a clock. */
interface Client {
  readonly source: () => TrustRootSource;
  readonly cacheDir: string;
  readonly warnings: readonly string[];
  now: number;
}

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trust-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function repositoryOf(
  t: TestContext,
  { trustedRoot }: PrivateSigstore,
): Promise<TufRepository> {
  const repository = await startTufRepository(trustedRoot);
  t.after(() => repository.stop());
  return repository;
}

async function clientOf(t: TestContext, { url, root }: TufRepository): Promise<Client> {
  const folder = await folderOf(t);
  const rootFile = join(folder, 'root.json');
  await writeFile(rootFile, root);
  const warnings: string[] = [];
  const logger = createLogger(({ message }) => warnings.push(message));
  const cacheDir = join(folder, 'cache');
  const client: Client = {
    now: Date.now(),
    source: () => tufTrustRoot({ url, rootFile, cacheDir, logger, now: () => client.now }),
    cacheDir,
    warnings,
  };
  return client;
}

async function loadedLog(source: TrustRootSource): Promise<string | undefined> {
  const material = trustMaterial(await source.load());
  return material.tlogs[0]?.logID.toString('base64');
}

function unavailable(says: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SignatureError, String(error));
    assert.equal(error.code, 'TRUST_ROOT_UNAVAILABLE');
    assert.equal(error.retryable, true);
    assert.match(error.message, says);
    return true;
  };
}

test('a file is read when it is first asked for, and once', async (t) => {
  const path = join(await folderOf(t), 'trusted_root.json');
  const source = fileTrustRoot(path);
  await assert.rejects(
    source.load(),
    unavailable(/trusted_root\.json cannot be read.*ENOENT.*verify\.trustRoot/),
  );
  await writeFile(path, JSON.stringify(sigstore.trustedRoot));
  const root = await source.load();
  await rm(path);
  assert.equal(await source.load(), root);
  assert.equal(await loadedLog(source), logId);
});

const unusable: Readonly<Record<string, readonly [string, RegExp]>> = {
  'no JSON': ['{', /not a usable trusted_root\.json/],
  'another file': ['{"a":1}', /names no certificate authority/],
  'no authority': [changed({ certificateAuthorities: [] }), /names no certificate authority/],
  'neither log nor timestamp authority': [
    changed({ tlogs: [], timestampAuthorities: [] }),
    /neither a transparency log nor a timestamp authority/,
  ],
  'an authority without certificates': [
    changed({ certificateAuthorities: [{ uri: 'https://a.example', certChain: {} }] }),
    /https:\/\/a\.example has no certificates/,
  ],
  'a log without a key': [
    changed({ tlogs: [{ baseUrl: 'https://log.example' }] }),
    /https:\/\/log\.example does not say since when/,
  ],
  'a log without an identifier': [
    changed({ tlogs: sigstore.trustedRoot.tlogs.map((log) => ({ ...log, logId: undefined })) }),
    /https:\/\/rekor\.sigstore\.example has no logId/,
  ],
  'a certificate that is none': [
    changed({ certificateAuthorities: [{ certChain: { certificates: [{ rawBytes: 'MAA=' }] } }] }),
    /has a certificate that cannot be read/,
  ],
};

for (const [title, [text, says]] of Object.entries(unusable)) {
  test(`a file is refused: ${title}`, async (t) => {
    const path = join(await folderOf(t), 'root.json');
    await writeFile(path, text);
    await assert.rejects(fileTrustRoot(path).load(), unavailable(says));
  });
}

test('a TUF repository is asked once a day', async (t) => {
  const repository = await repositoryOf(t, sigstore);
  const client = await clientOf(t, repository);
  const source = client.source();
  assert.equal(await loadedLog(source), logId);
  await source.load();
  repository.forget();
  client.now += DAY_MS - 1000;
  assert.equal(await loadedLog(client.source()), logId);
  assert.deepEqual(repository.requests, []);
  repository.publish(elsewhere.trustedRoot);
  client.now += 2000;
  assert.equal(await loadedLog(client.source()), logIdOf(elsewhere.trustedRoot));
  assert.deepEqual(client.warnings, []);
});

test('while it is away the cached root serves, with a warning that tells its age', async (t) => {
  const repository = await repositoryOf(t, sigstore);
  const client = await clientOf(t, repository);
  await client.source().load();
  repository.fail(true);
  client.now += 9 * DAY_MS;
  assert.equal(await loadedLog(client.source()), logId);
  assert.match(client.warnings.join('\n'), /cannot be refreshed from http.*9 days old/);
  repository.fail(false);
  await client.source().load();
  assert.equal(client.warnings.length, 1);
});

test('without a cache it is unavailable, and asked again the next time', async (t) => {
  const repository = await repositoryOf(t, sigstore);
  const client = await clientOf(t, repository);
  repository.fail(true);
  const source = client.source();
  await assert.rejects(source.load(), unavailable(/cannot be had from http.*none is cached/));
  repository.fail(false);
  assert.equal(await loadedLog(source), logId);
});

test('what another root.json signed is not believed, cached or not', async (t) => {
  const repository = await repositoryOf(t, sigstore);
  const impostor = await repositoryOf(t, elsewhere);
  const client = await clientOf(t, repository);
  await client.source().load();
  await writeFile(join(client.cacheDir, '..', 'root.json'), impostor.root);
  await assert.rejects(client.source().load(), unavailable(/cannot be had/));
});

test('a cache that cannot be read is fetched anew', async (t) => {
  const repository = await repositoryOf(t, sigstore);
  const client = await clientOf(t, repository);
  await client.source().load();
  const [folder = ''] = await readdir(client.cacheDir);
  await writeFile(join(client.cacheDir, folder, 'trusted-root.json'), '{"refreshedAt":');
  assert.equal(await loadedLog(client.source()), logId);
});

test('a cache that cannot be written is warned of', async (t) => {
  const repository = await repositoryOf(t, sigstore);
  const client = await clientOf(t, repository);
  await client.source().load();
  const [folder = ''] = await readdir(client.cacheDir);
  const file = join(client.cacheDir, folder, 'trusted-root.json');
  await rm(file);
  await mkdir(join(file, 'in-the-way'), { recursive: true });
  assert.equal(await loadedLog(client.source()), logId);
  assert.match(client.warnings.join('\n'), /cannot be cached/);
});

test('the public root has one to begin with, and says how old it is', async (t) => {
  const repository = await repositoryOf(t, sigstore);
  repository.fail(true);
  const warnings: string[] = [];
  const source = publicTrustRoot({
    cacheDir: await folderOf(t),
    logger: createLogger(({ message }) => warnings.push(message)),
    url: repository.url,
  });
  const material = trustMaterial(await source.load());
  assert.ok(material.tlogs.some(({ baseURL }) => baseURL === 'https://rekor.sigstore.dev'));
  assert.match(
    warnings.join('\n'),
    /using the one shipped with this version, whose newest key is of 20\d\d-/,
  );
});

test('leaving early abandons the waiting alone', async (t) => {
  const repository = await repositoryOf(t, sigstore);
  const { source } = await clientOf(t, repository);
  const shared = source();
  const reason = new Error('stop');
  const abort = new AbortController();
  const leaving = shared.load({ signal: abort.signal });
  const staying = shared.load();
  abort.abort(reason);
  await assert.rejects(leaving, (error) => error === reason);
  assert.equal(trustMaterial(await staying).tlogs[0]?.logID.toString('base64'), logId);
});

test('a TUF root that is not there is named', async (t) => {
  const folder = await folderOf(t);
  const source = tufTrustRoot({
    url: 'http://127.0.0.1:1',
    rootFile: join(folder, 'none.json'),
    cacheDir: folder,
    logger: silentLogger,
  });
  await assert.rejects(source.load(), unavailable(/TUF root .*none\.json cannot be read/));
});

function changed(changes: object): string {
  return JSON.stringify({ ...sigstore.trustedRoot, ...changes });
}

function logIdOf({ tlogs: [log] }: { readonly tlogs: readonly object[] }): string {
  const { logId }: { logId?: { keyId: string } } = log ?? {};
  return logId?.keyId ?? '';
}
