import type { Config } from '../../config/config.ts';
import type { ExitCode } from '../../exit-code.ts';
import { discoverOnce } from '../../signatures/discover-once.ts';
import type { Terminal } from '../output/terminal.ts';
import { wireVerifier } from '../wire-verifier.ts';
import { wireRegistries } from '../wire.ts';
import type { World } from '../world.ts';
import { verifyCommand } from './verify.ts';

/** `mirror verify` with the parts that the configuration asks for. */
export async function verifyImages(
  config: Pick<Config, 'source' | 'verify' | 'registries' | 'timeouts'>,
  images: readonly string[],
  terminal: Terminal,
  world: World,
): Promise<ExitCode> {
  const registries = wireRegistries(config.registries, world, {
    stallMs: config.timeouts.silenceMs,
  });
  const registry = registries.source;
  try {
    const verifier = wireVerifier(config.verify, { registry, discover: discoverOnce(), world });
    const defaultRegistry = config.source.registry;
    return await verifyCommand({ registry, verifier, defaultRegistry }, images, terminal);
  } finally {
    registries.close();
  }
}
