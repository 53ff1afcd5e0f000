import { Secret } from '../../secret.ts';
import type { Environment } from '../../settings/interpolate.ts';
import type { OrchestratorConfig } from '../config/config.ts';
import { referencesOf } from '../config/references.ts';

type Variables = Readonly<Record<string, string | Secret>>;

const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/**
 * The variables of an app's container. Apps of the older and the newer generation read different
 * names; each finds its own.
 *
 * @param env - the orchestrator's own environment, completed by `.env`
 */
export function appEnvironment(
  app: string,
  { atlan, temporal, components }: Pick<OrchestratorConfig, 'atlan' | 'temporal' | 'components'>,
  env: Environment,
): Variables {
  const tls = String(temporal.tls !== undefined);
  const [host, port] = hostAndPort(temporal.address);
  return {
    ...passedOn(PROXY_VARIABLES, env),
    ...passedOn(
      referencesOf(components).variables.map(({ variable }) => variable),
      env,
    ),
    ATLAN_APPLICATION_NAME: app,
    ATLAN_DEPLOYMENT_NAME: atlan.deployment,
    ATLAN_TEMPORAL_HOST: temporal.address,
    ATLAN_TEMPORAL_TLS_ENABLED: tls,
    ATLAN_TEMPORAL_NAMESPACE: temporal.namespace,
    ATLAN_WORKFLOW_HOST: host,
    ATLAN_WORKFLOW_PORT: port,
    ATLAN_WORKFLOW_TLS_ENABLED: tls,
    ATLAN_WORKFLOW_NAMESPACE: temporal.namespace,
    ATLAN_AUTH_ENABLED: 'true',
    ATLAN_AUTH_CLIENT_ID: atlan.clientId,
    ATLAN_AUTH_CLIENT_SECRET: atlan.clientSecret,
    ATLAN_AUTH_URL: atlan.tokenUrl,
    ATLAN_AUTH_TOKEN_URL: atlan.tokenUrl,
    ATLAN_AUTH_BASE_URL: atlan.url,
    ATLAN_BASE_URL: atlan.url,
    ATLAN_DOMAIN_NAME: atlan.domain,
    ENABLE_ATLAN_UPLOAD: 'true',
    UPSTREAM_OBJECT_STORE_NAME: 'atlan-objectstore',
    DEPLOYMENT_OBJECT_STORE_NAME: 'objectstore',
    SECRET_STORE_NAME: 'secretstore',
    ATLAN_APP_HTTP_HOST: '0.0.0.0',
    ATLAN_APP_HTTP_PORT: '8000',
  };
}

/** Any of them may be a secret: a proxy's address holds a password more often than not. */
function passedOn(names: readonly string[], env: Environment): Variables {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined || value === '' ? [] : [[name, new Secret(value)]];
    }),
  );
}

function hostAndPort(address: string): readonly [string, string] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon), address.slice(colon + 1)];
}
