import type { HostSettings, HostSettingsByHost } from '../../registry/hosts.ts';
import { canonicalRegistry, parseReferenceParts } from '../../registry/reference.ts';
import type { ImagesConfig, OrchestratorConfig } from '../config/config.ts';
import type { ResolvedImage } from './resolved-image.ts';

const DOCKER_HUB = 'docker.io';

/**
 * What registries are asked with to fetch an image: `orchestrator.registries`, completed by the
 * user of `container_registry` at the one host that user belongs to.
 */
export function hostsFor(
  { images, registries }: Pick<OrchestratorConfig, 'images' | 'registries'>,
  resolved: ResolvedImage,
): HostSettingsByHost {
  const { credential } = images;
  const host = credential?.host ?? ownHost(images, resolved);
  if (credential === undefined || host === undefined) return registries;
  const registry = canonicalRegistry(host);
  const own = registries[registry] ?? {};
  if (hasCredential(own)) return registries;
  const { username, password } = credential;
  return { ...registries, [registry]: { ...own, username, password } };
}

/**
 * The host that the vendor's pair of user and password, which names none, is meant for. An image
 * that is pulled from where it was announced although there is a mirror must not take the
 * mirror's password there.
 */
function ownHost(
  { map, base }: ImagesConfig,
  { announced, reference, explanation: { rule } }: ResolvedImage,
): string | undefined {
  if (map === undefined && base === undefined) return DOCKER_HUB;
  if (rule === 'not-in-map' || rule === 'outside-base') return undefined;
  const isMirrored = reference.registry !== parseReferenceParts(announced).registry;
  return isMirrored || rule !== 'recorded' ? reference.registry : undefined;
}

function hasCredential(settings: HostSettings): boolean {
  const { username, identityToken, registryToken } = settings;
  return (username ?? identityToken ?? registryToken) !== undefined;
}
