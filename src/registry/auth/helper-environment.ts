import { Secret } from '../../secret.ts';
import type { HostSettingsByHost } from '../hosts.ts';
import type { Environment } from '../http/agents.ts';

/** Variables of the tenant: no credential helper knows them. */
const OURS = /^ATLAN_/;

/**
 * The environment for credential helpers: without what is secret to this job. What a helper itself
 * may need, such as the keys of a cloud, stays.
 */
export function helperEnvironment(
  env: Environment,
  hosts: HostSettingsByHost,
): Record<string, string> {
  const secrets = new Set(
    Object.values(hosts)
      .flatMap((settings) => Object.values(settings))
      .filter((value) => value instanceof Secret)
      .map((secret) => secret.reveal()),
  );
  const kept = Object.entries(env).filter(
    ([name, value = '']) => !OURS.test(name) && !secrets.has(value),
  );
  return Object.fromEntries(kept.map(([name, value = '']) => [name, value]));
}
