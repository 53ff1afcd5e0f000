import type { Dialect } from './dialect.ts';

/** Docker takes several networks at creation from this API version on (Docker 25). */
const SEVERAL_NETWORKS = '1.44';

/** Docker Engine 20.10 and later. */
export function dockerDialect(apiVersion: string): Dialect {
  return {
    kind: 'docker',
    restartPolicyName: (policy) => policy,
    createsInSeveralNetworks: minorOf(apiVersion) >= minorOf(SEVERAL_NETWORKS),
    defaultNetworks: new Set(['bridge']),
    isNameTaken: ({ status }) => status === 409,
    removalPath: (id) => `/containers/${id}`,
    stopEndsRestarts: true,
    healthCheckPath: () => undefined,
    imageHealthCheckPath: () => undefined,
    isOwnVariable: () => false,
    isOwnTmpfs: () => false,
    unreadable: () => undefined,
    userNamespace: ({ HostConfig: { UsernsMode } }) =>
      UsernsMode === '' ? undefined : { named: UsernsMode },
  };
}

function minorOf(apiVersion: string): number {
  return Number(apiVersion.split('.')[1] ?? 0);
}
