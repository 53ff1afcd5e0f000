import type { HostSettings, HostSettingsByHost } from '../registry/hosts.ts';
import { canonicalRegistry } from '../registry/reference.ts';
import { VENDOR_POLICY, type SignaturePolicy } from '../signatures/policy.ts';
import type { Config, ReleasesConfig, TrustRootLocation, VerifyConfig } from './config.ts';
import { parseDuration } from './schema/duration.ts';
import type { RegistrySettings } from './schema/registries.ts';
import type { ReleasesSettings } from './schema/releases.ts';
import type { Settings } from './schema/settings.ts';
import type { VerifySettings } from './schema/verify.ts';
import type { PolicySettings } from './schema/policy.ts';

/** Gives validated settings the form that the rooms take; a section left out stays out. */
export function normalise(
  settings: Settings,
): Omit<Config, 'releases' | 'target' | 'map'> & Partial<Config> {
  const { releases, source, target, map, verify, registries, copy } = settings;
  return {
    ...(releases === undefined ? {} : { releases: toReleases(releases) }),
    ...(target === undefined ? {} : { target }),
    ...(map === undefined ? {} : { map }),
    source: { registry: canonicalRegistry(source.registry) },
    verify: toVerify(verify),
    registries: toRegistries(registries),
    copy,
  };
}

function toReleases(settings: ReleasesSettings): ReleasesConfig {
  const { url, file, include, exclude, extra } = settings;
  const token = settings.token ?? settings.tokenFile;
  const selection = { include, exclude, extra };
  if (file !== undefined) return { from: { kind: 'file', path: file }, ...selection };
  if (url !== undefined && token !== undefined) {
    return { from: { kind: 'marketplace', url, token }, ...selection };
  }
  throw new TypeError('the validation of releases let through what has neither file nor url');
}

function toVerify(settings: VerifySettings): VerifyConfig {
  const { mode, grace, trustRoot, overrides } = settings;
  const policy = toPolicy(settings, VENDOR_POLICY);
  return {
    mode,
    graceSeconds: parseDuration(grace),
    policy,
    overrides: overrides.map((override) => ({
      match: override.match,
      policy: toPolicy(override, policy),
    })),
    trustRoot: toTrustRoot(trustRoot),
  };
}

function toTrustRoot(settings: VerifySettings['trustRoot']): TrustRootLocation {
  if (typeof settings !== 'string') return { kind: 'tuf', ...settings };
  return settings === 'public' ? { kind: 'public' } : { kind: 'file', path: settings };
}

/** Whoever names accepted signers means these alone: lists are replaced together, never merged. */
function toPolicy(settings: PolicySettings, base: SignaturePolicy): SignaturePolicy {
  const { identities, keys, require = base.require } = settings;
  if (identities === undefined && keys === undefined) return { ...base, require };
  return {
    identities: identities ?? [],
    keys: (keys ?? []).map(({ name, pem, requireLog }, index) => ({
      name: name ?? `key ${index + 1}`,
      pem,
      requireLog,
    })),
    require,
  };
}

function toRegistries(settings: Readonly<Record<string, RegistrySettings>>): HostSettingsByHost {
  return Object.fromEntries(
    Object.entries(settings).map(([host, own]) => [canonicalRegistry(host), toHost(own)]),
  );
}

function toHost(settings: RegistrySettings): HostSettings {
  const { passwordFile, identityTokenFile, keyFile, ...own } = settings;
  const password = own.password ?? passwordFile;
  const identityToken = own.identityToken ?? identityTokenFile;
  const key = own.key ?? keyFile;
  return {
    ...own,
    ...(password === undefined ? {} : { password }),
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(key === undefined ? {} : { key }),
  };
}
