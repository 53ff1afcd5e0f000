import type { Environment } from '../registry/http/agents.ts';

/**
 * What skopeo needs of the environment: where its files are, proxies, authorities. Nothing else: the
 * job's own secrets stand there, which everybody who may look at the process could read.
 */
const NEEDED =
  /^(?:PATH|HOME|USER|TMPDIR|LANG|LC_\w+|XDG_\w+|SSL_CERT_(?:FILE|DIR)|CONTAINERS_\w+|REGISTRIES_CONFIG_PATH|GODEBUG|(?:https?|no|all)_proxy)$/i;

export function skopeoEnvironment(env: Environment): Record<string, string> {
  const needed = Object.entries(env).filter(([name]) => NEEDED.test(name));
  return Object.fromEntries(needed.flatMap(([name, value]) => (value ? [[name, value]] : [])));
}
