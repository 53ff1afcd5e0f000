import type { Options } from '../../options.ts';
import type { Container } from '../engine/container.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import type { ContainerSpec, NetworkAttachment, NetworkMode } from '../engine/container-spec.ts';

/**
 * The same container, found by nobody: in its networks, but under no alias. A candidate must not
 * be sent requests before it has passed its gate.
 */
export function withoutAliases(spec: ContainerSpec): ContainerSpec {
  const network = attachments(spec.network);
  if (network.length === 0) return spec;
  return { ...spec, network: network.map(({ name }) => ({ name, aliases: [] })) };
}

/**
 * Lets a container be found under the aliases that were withheld. Its open connections are cut
 * where that changes something, as the engine knows no gentler way.
 *
 * @returns whether anything changed
 */
export async function joinUnderAliases(
  engine: Pick<ContainerEngine, 'connect'>,
  container: Container,
  wanted: NetworkMode,
  options: Options = {},
): Promise<boolean> {
  const has = attachments(container.network);
  const lacking = attachments(wanted).filter(
    ({ name, aliases }) =>
      !aliases.every((alias) =>
        has.some((network) => network.name === name && network.aliases.includes(alias)),
      ),
  );
  for (const network of lacking) {
    await engine.connect(container.id, network, options);
  }
  return lacking.length > 0;
}

function attachments(network: NetworkMode): readonly NetworkAttachment[] {
  return typeof network === 'string' ? [] : network;
}
