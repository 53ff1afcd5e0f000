import type { HostSettings, HostSettingsByHost } from '../registry/hosts.ts';
import { canonicalRegistry } from '../registry/reference.ts';
import type { RegistrySettings } from './registries.ts';

/** Gives the validated section the form that registry clients take. */
export function toRegistries(
  settings: Readonly<Record<string, RegistrySettings>>,
): HostSettingsByHost {
  return Object.fromEntries(
    Object.entries(settings).map(([host, own]) => [canonicalRegistry(host), toHost(own)]),
  );
}

function toHost(settings: RegistrySettings): HostSettings {
  const { passwordFile, identityTokenFile, keyFile, proxyFile, ...own } = settings;
  const password = own.password ?? passwordFile;
  const identityToken = own.identityToken ?? identityTokenFile;
  const key = own.key ?? keyFile;
  const proxy = own.proxy ?? proxyFile;
  return {
    ...own,
    ...(password === undefined ? {} : { password }),
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(key === undefined ? {} : { key }),
    ...(proxy === undefined ? {} : { proxy }),
  };
}
