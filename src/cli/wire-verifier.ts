import * as http from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { matchRepository } from '../settings/match.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { Discover } from '../signatures/discover-once.ts';
import type { SignatureVerifier } from '../signatures/signature-verifier.ts';
import type { VerifyConfig } from '../settings/shared-config.ts';
import { fileTrustRoot } from '../signatures/trust-root-file.ts';
import { publicTrustRoot, tufTrustRoot } from '../signatures/trust-root-tuf.ts';
import type { TrustRootSource } from '../signatures/trust-root.ts';
import { createSignatureVerifier } from '../signatures/verifier.ts';
import type { World } from './world.ts';

/** Makes the verifier from its configuration; the trust root is read when a signature needs it. */
export function wireVerifier(
  verify: VerifyConfig,
  parts: {
    readonly registry: RegistryReader;
    readonly discover: Discover;
    readonly world: World;
  },
): SignatureVerifier {
  const { registry, discover, world } = parts;
  const overrides = verify.overrides.map(({ match, policy }) => ({
    matches: matchRepository(match),
    policy,
  }));
  return createSignatureVerifier({
    registry,
    discover,
    logger: world.logger,
    trustRoot: wireTrustRoot(verify, world),
    policyFor: (image) => overrides.find(({ matches }) => matches(image))?.policy ?? verify.policy,
  });
}

/** Where the trusted keys come from. */
export function wireTrustRoot({ trustRoot }: VerifyConfig, world: World): TrustRootSource {
  const { env, logger, now } = world;
  if (trustRoot.kind === 'file') return fileTrustRoot(trustRoot.path);
  useProxies(env);
  const cacheDir = join(
    env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
    'sdr-mirror',
    'sigstore',
  );
  if (trustRoot.kind === 'public') return publicTrustRoot({ cacheDir, logger, now });
  const { url, rootFile } = trustRoot;
  return tufTrustRoot({ url, rootFile, cacheDir, logger, now });
}

/**
 * The TUF client uses the global `fetch`, which knows no proxy unless Node is told so. Node 22 can
 * be told by `NODE_USE_ENV_PROXY=1` at its start alone.
 */
function useProxies(env: World['env']): void {
  const { setGlobalProxyFromEnv } = http as typeof http & {
    // Since Node 24.14; the types are those of Node 22.
    readonly setGlobalProxyFromEnv?: (env: World['env']) => void;
  };
  const hasProxy = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some(
    (name) => (env[name] ?? '') !== '',
  );
  if (hasProxy) setGlobalProxyFromEnv?.(env);
}
