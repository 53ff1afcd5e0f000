import type { Dialect } from './dialect.ts';
import { engineMessage } from './engine-failures.ts';

const OWN_VARIABLES = /^(?:container|HOSTNAME|HOME|TERM)=/;
const OWN_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const OWN_TMPFS: ReadonlySet<string> = new Set(['/run', '/tmp', '/var/tmp', '/dev/shm']);
/** Podman 4.3 and later, by its Docker-compatible API and, where that lacks something, its own. */
export const podmanDialect: Dialect = {
  kind: 'podman',
  // After a reboot podman-restart.service starts only what is `always` (podman-restart.service(1)).
  restartPolicyName: (policy) => (policy === 'unless-stopped' ? 'always' : policy),
  createsInSeveralNetworks: true,
  defaultNetworks: new Set(['podman']),
  // 4.3 answers 500 with "the container name … is already in use", later ones 409.
  isNameTaken: (answer) => answer.status === 409 || /already in use/.test(engineMessage(answer)),
  // Even by force, Podman first stops a container, with all the time that it was created with (an hour
  // for an app that drains); only its own API can be told otherwise.
  removalPath: (id) => `/v4.0.0/libpod/containers/${id}`,
  // Between a crash and the restart, which comes at once, a stop finds nothing to stop, answers 304,
  // and the restart comes nevertheless.
  stopEndsRestarts: false,
  // Health checks are run by systemd timers; without systemd nobody runs them.
  healthCheckPath: (id) => `/v4.0.0/libpod/containers/${id}/healthcheck`,
  // The compatible API leaves an image's health check out.
  imageHealthCheckPath: (image) => `/v4.0.0/libpod/images/${image}/json`,
  isOwnVariable: (variable) => OWN_VARIABLES.test(variable) || variable === OWN_PATH,
  isOwnTmpfs: ({ target, sizeBytes, mode }, readOnlyRoot) =>
    readOnlyRoot && OWN_TMPFS.has(target) && sizeBytes === undefined && mode === undefined,
  // Inspect says `private` for every mapping of users, of a log's bounds a rounded size, and without
  // root nothing of ulimits.
  unreadable: ({ userNamespace, logLimits, ulimits }) => {
    const settings = {
      ...(userNamespace === undefined ? {} : { userNamespace }),
      ...(logLimits === undefined ? {} : { logLimits }),
      ...(ulimits === undefined ? {} : { ulimits }),
    };
    return Object.keys(settings).length === 0 ? undefined : settings;
  },
  userNamespace: ({ HostConfig }) => {
    const { UsernsMode: mode } = HostConfig;
    if (mode === '' || mode === 'host') return undefined;
    return { named: mode === 'private' ? undefined : mode };
  },
};
