import type { EngineAnswer } from './engine-connection.ts';
import type { ContainerSpec, RestartPolicy, TmpfsMount } from './container-spec.ts';
import type { InspectedContainer } from './inspect-json.ts';

/**
 * Where engines differ behind the same API: each difference once, with its reason at the engine
 * it belongs to.
 */
export interface Dialect {
  readonly kind: 'docker' | 'podman';
  /** The name of a restart policy that gives what the policy promises. */
  restartPolicyName(policy: Extract<RestartPolicy, string>): string;
  /** Whether a container can be created in several networks at once. */
  readonly createsInSeveralNetworks: boolean;
  /** The network of a container that was given none. */
  readonly defaultNetworks: ReadonlySet<string>;
  /** Whether the answer to a create or rename says that the name is in use. */
  isNameTaken(answer: EngineAnswer): boolean;
  /** Where to ask for the removal of a container, with `timeout` 0 for a kill. */
  removalPath(id: string): string;
  /** Whether a stop that finds nothing to stop ends a loop of crashes and restarts. */
  readonly stopEndsRestarts: boolean;
  /** The request that makes the engine check a container's health, if it may not by itself. */
  healthCheckPath(id: string): string | undefined;
  /** Where the engine tells the health check of an image. */
  imageHealthCheckPath(image: string): string | undefined;
  /** Variables that the engine itself adds to the environment. */
  isOwnVariable(variable: string): boolean;
  /** Whether the engine itself mounted this, because the root is read-only. */
  isOwnTmpfs(mount: TmpfsMount, readOnlyRoot: boolean): boolean;
  /**
   * What an engine does not tell about a container it created is kept in a label. `undefined` if it
   * tells everything.
   */
  unreadable(spec: ContainerSpec): UnreadableSettings | undefined;
  /** The user namespace, if there is one; `named: undefined` where the engine does not name it. */
  userNamespace(container: InspectedContainer): { readonly named: string | undefined } | undefined;
}

/** Settings that one of the engines does not tell back. */
export type UnreadableSettings = Pick<ContainerSpec, 'userNamespace' | 'logLimits' | 'ulimits'>;
