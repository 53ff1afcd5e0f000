import type { Config } from '../config/config.ts';
import { createInspector, type Inspector } from '../mirror/inspect.ts';
import type { RunDependencies } from '../mirror/run.ts';
import type { Registries } from '../registry/client.ts';
import { parsePlatform } from '../registry/platform.ts';
import { matchRepository } from '../settings/match.ts';
import { createSignatureVerifier } from '../signatures/verifier.ts';
import { wireTrustRoot } from './wire-verifier.ts';
import type { World } from './world.ts';

/** Whether signatures are to be found at the target: where they are verified, copied, and apply. */
export function expectsSignatures({ verify, copy }: Pick<Config, 'verify' | 'copy'>): boolean {
  return verify.mode !== 'off' && copy.signatures && copy.rewriteIndex !== true;
}

/** Makes what looks at images as they stand at the target. */
export function wireInspector(
  config: Config,
  {
    registries,
    dependencies,
  }: {
    readonly registries: Registries;
    readonly dependencies: Pick<RunDependencies, 'verifier'>;
  },
  world: World,
): Inspector {
  const { verify, copy } = config;
  const { target } = registries;
  const { logger } = world;
  const trustRoot = wireTrustRoot(verify, world);
  const overrides = verify.overrides.map(({ match, policy }) => ({
    matches: matchRepository(match),
    policy,
  }));
  return createInspector({
    target,
    platforms: copy.platforms?.map(parsePlatform),
    signatures: expectsSignatures(config)
      ? {
          mode: verify.mode,
          atSource: dependencies.verifier,
          // A verifier for each: what is accepted of one place says nothing of another.
          atTarget: async (image, source, options) => {
            const found = overrides.find(({ matches }) => matches(source));
            const policyFor = () => found?.policy ?? verify.policy;
            const parts = { registry: target, policyFor, trustRoot, logger };
            return await createSignatureVerifier(parts).verify(image, options);
          },
        }
      : undefined,
  });
}
