import { execa } from 'execa';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from '../servers/binaries.ts';
import type { TestIdentity } from './identities.ts';
import type { PrivateSigstore } from './private-sigstore.ts';
import { identityToken, serveSigstore } from './serve.ts';

interface Statement {
  readonly type: string;
  readonly predicate: object;
}

/** The real Cosign, signing without keys at a Sigstore of ours. */
export interface KeylessCosign {
  /** Path of the `trusted_root.json`. */
  readonly trustedRoot: string;
  /** As Cosign 3 does: a bundle that refers to the image. */
  signBundle(image: string, identity: TestIdentity): Promise<void>;
  /** As Cosign 2 does: a payload under the tag `sha256-….sig`. */
  signClassic(image: string, identity: TestIdentity): Promise<void>;
  /** Attests with Cosign 3. */
  attest(image: string, identity: TestIdentity, statement: Statement): Promise<void>;
  /** Attests with Cosign 2: an envelope under the tag `sha256-….att`. */
  attestClassic(image: string, identity: TestIdentity, statement: Statement): Promise<void>;
  /** Lets Cosign 3 verify. @throws whatever Cosign says against it */
  verify(image: string, identity: TestIdentity): Promise<void>;
  stop(): Promise<void>;
}

/** @param folder - for the files that Cosign wants */
export async function startKeylessCosign(
  sigstore: PrivateSigstore,
  folder: string,
): Promise<KeylessCosign> {
  const server = await serveSigstore(sigstore);
  const trustedRoot = join(folder, 'trusted_root.json');
  const signingConfig = join(folder, 'signing_config.json');
  await writeFile(trustedRoot, JSON.stringify(sigstore.trustedRoot));
  await writeFile(signingConfig, JSON.stringify(signingConfigOf(server.url)));
  const root = ['--trusted-root', trustedRoot];
  return {
    trustedRoot,
    async signBundle(image, identity) {
      const config = ['--signing-config', signingConfig];
      await execa(binary('cosign'), ['sign', ...config, ...root, ...asked(identity), image]);
    },
    async signClassic(image, identity) {
      const urls = ['--fulcio-url', server.url, '--rekor-url', server.url];
      await execa(binary('cosign2'), ['sign', ...urls, ...root, ...asked(identity), image]);
    },
    async attest(image, identity, statement) {
      const stated = await written(statement, folder);
      const config = ['--signing-config', signingConfig];
      const options = [...config, ...root, ...stated, ...asked(identity)];
      await execa(binary('cosign'), ['attest', ...options, image]);
    },
    async attestClassic(image, identity, statement) {
      const stated = await written(statement, folder);
      const urls = ['--fulcio-url', server.url, '--rekor-url', server.url];
      const options = [...urls, ...root, ...stated, ...asked(identity)];
      await execa(binary('cosign2'), ['attest', ...options, image]);
    },
    async verify(image, { subject, issuer }) {
      const identity = ['--certificate-identity', subject, '--certificate-oidc-issuer', issuer];
      await execa(binary('cosign'), ['verify', ...root, ...identity, image]);
    },
    stop: () => server.stop(),
  };
}

function signingConfigOf(url: string): object {
  const service = {
    url,
    majorApiVersion: 1,
    operator: 'sigstore.example',
    validFor: { start: '2026-01-01T00:00:00Z' },
  };
  return {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [service],
    rekorTlogUrls: [service],
    rekorTlogConfig: { selector: 'ANY' },
    tsaConfig: { selector: 'ANY' },
  };
}

function asked(identity: TestIdentity): readonly string[] {
  return ['--identity-token', identityToken(identity), '--yes'];
}

async function written({ type, predicate }: Statement, folder: string): Promise<readonly string[]> {
  const file = join(folder, 'predicate.json');
  await writeFile(file, JSON.stringify(predicate));
  return ['--type', type, '--predicate', file];
}
