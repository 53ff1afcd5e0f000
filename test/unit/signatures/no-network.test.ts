/** In an air gap: not one connection is tried, or none that has to succeed. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createLogger, silentLogger } from '../../../src/log.ts';
import { VENDOR_POLICY } from '../../../src/signatures/policy.ts';
import type { Verification } from '../../../src/signatures/signature-verifier.ts';
import { fileTrustRoot } from '../../../src/signatures/trust-root-file.ts';
import { publicTrustRoot, tufTrustRoot } from '../../../src/signatures/trust-root-tuf.ts';
import { trustMaterial } from '../../../src/signatures/parse-trust-root.ts';
import type { TrustRootSource } from '../../../src/signatures/trust-root.ts';
import { createSignatureVerifier } from '../../../src/signatures/verifier.ts';
import { signImage } from '../../support/sigstore/attach.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';
import { createScene, referenceTo } from '../../support/sigstore/scene.ts';
import { startTufRepository } from '../../support/sigstore/tuf-repository.ts';

const sigstore = await createPrivateSigstore();
const DAY_MS = 24 * 60 * 60 * 1000;

/** Cuts this process off; gives what it tries to reach from then on. */
function cutOff(t: TestContext): readonly string[] {
  const tried: string[] = [];
  const { fetch } = globalThis;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- put back as it was
  const { connect } = Socket.prototype;
  t.after(() => {
    globalThis.fetch = fetch;
    Socket.prototype.connect = connect;
  });
  globalThis.fetch = (input) => {
    tried.push(`fetch ${JSON.stringify(input)}`);
    return Promise.reject(new TypeError('fetch failed', { cause: new Error('no network') }));
  };
  Socket.prototype.connect = function refuse(...args: unknown[]) {
    tried.push(`connect ${JSON.stringify(args)}`);
    throw new Error('no network');
  };
  return tried;
}

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'no-network-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Verifies an image by the vendor, whose registry is in memory. */
async function verified(trustRoot: TrustRootSource): Promise<Verification> {
  const { repository, image, registry } = createScene(sigstore);
  await signImage(sigstore, repository, image, { timestamp: true });
  const verifier = createSignatureVerifier({ registry, policyFor: () => VENDOR_POLICY, trustRoot });
  return verifier.verify(referenceTo(image));
}

test('with a trust root in a file nothing is reached for', async (t) => {
  const path = join(await folderOf(t), 'trusted_root.json');
  await writeFile(path, JSON.stringify(sigstore.trustedRoot));
  const tried = cutOff(t);
  assert.match((await verified(fileTrustRoot(path))).logIndex ?? '', /^\d+$/);
  assert.deepEqual(tried, []);
});

test('with a cached trust root nothing is reached for within a day, and later nothing needed', async (t) => {
  const repository = await startTufRepository(sigstore.trustedRoot);
  t.after(() => repository.stop());
  const folder = await folderOf(t);
  const rootFile = join(folder, 'root.json');
  await writeFile(rootFile, repository.root);
  const { url } = repository;
  const cacheDir = join(folder, 'cache');
  await tufTrustRoot({ url, rootFile, cacheDir, logger: silentLogger }).load();

  const tried = cutOff(t);
  const warnings: string[] = [];
  const logger = createLogger(({ message }) => warnings.push(message));
  const after = (ms: number): TrustRootSource =>
    tufTrustRoot({ url, rootFile, cacheDir, logger, now: () => Date.now() + ms });
  await verified(after(DAY_MS / 2));
  assert.deepEqual([tried, warnings], [[], []]);
  await verified(after(30 * DAY_MS));
  assert.ok(tried.length > 0);
  assert.match(warnings.join('\n'), /cannot be refreshed .*no network.*30 days old/);
});

test('the public trust root is had at the first run, too, with a warning', async (t) => {
  cutOff(t);
  const warnings: string[] = [];
  const logger = createLogger(({ message }) => warnings.push(message));
  const source = publicTrustRoot({ cacheDir: await folderOf(t), logger });
  const material = trustMaterial(await source.load());
  assert.ok(material.tlogs.length > 0);
  assert.match(warnings.join('\n'), /using the one shipped with this version/);
});
