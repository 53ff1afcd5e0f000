import type { Options } from '../../options.ts';
import type { Credential } from '../../registry/credentials.ts';
import type { DigestReference } from '../../registry/reference.ts';
import type { Container, ContainerEvent, ContainerId, EngineInfo } from './container.ts';
import type { Image, ImageId, LogLine } from './container.ts';
import type { ContainerSpec, NetworkAttachment } from './container-spec.ts';

/** What of a container's log is wanted. */
export interface LogOptions extends Options {
  /** How many of the last lines; what is older is not read. */
  readonly tail: number;
}

/**
 * A container engine. Operations state outcomes: they succeed if what they ask for is so already,
 * since whoever calls them may have been interrupted and calls again.
 *
 * Every method may throw EngineError `ENGINE_UNREACHABLE` (nothing is known about the outcome:
 * ask again) and `ENGINE_REFUSED` (asking again does not help). Further codes are named below.
 */
export interface ContainerEngine {
  /** Where it is, for logs and errors: `unix:///var/run/docker.sock`. */
  readonly location: string;

  info(options?: Options): Promise<EngineInfo>;

  /**
   * Fetches an image. Asks no registry if the engine has that digest.
   *
   * @throws RegistryError what the registry said: unauthorized, not found, rate limited, unavailable
   */
  pull(image: DigestReference, credential: Credential, options?: Options): Promise<ImageId>;

  /** @returns `undefined` if the engine does not have it */
  inspectImage(image: DigestReference | ImageId, options?: Options): Promise<Image | undefined>;

  /** Removes an image unless a container uses it. */
  removeImage(image: DigestReference | ImageId, options?: Options): Promise<'removed' | 'in-use'>;

  /**
   * Creates a container, not started. The name is a lock: of several who create or rename to the
   * same name at once, exactly one succeeds.
   *
   * @throws EngineError `NAME_TAKEN`; `NOT_FOUND` the image, a network or a bind mount's source
   */
  create(spec: ContainerSpec, options?: Options): Promise<ContainerId>;

  /**
   * What a container was created with, without what its image gave: the same container can be
   * made of another image. Compare two by `differences`.
   *
   * @throws EngineError `NOT_FOUND`; `ENGINE_REFUSED` naming each setting that ContainerSpec cannot
   * carry, since a copy would lose it silently
   */
  specOf(id: ContainerId, options?: Options): Promise<ContainerSpec>;

  /** @throws EngineError `NOT_FOUND`; `ENGINE_REFUSED` also if a published port is taken */
  start(id: ContainerId, options?: Options): Promise<void>;

  /** @param nameOrId - a whole name or a whole id @returns `undefined` if there is none */
  inspect(nameOrId: string, options?: Options): Promise<Container | undefined>;

  /** Containers, running or not, that carry all of these labels. At least one label is needed. */
  list(labels: Readonly<Record<string, string>>, options?: Options): Promise<readonly Container[]>;

  /**
   * Gives a container another name, running or not. Names in networks stay what they were at the
   * start: reach containers by alias.
   *
   * @throws EngineError `NAME_TAKEN`, `NOT_FOUND`
   */
  rename(id: ContainerId, name: string, options?: Options): Promise<void>;

  /**
   * Ends a container: politely, and after `graceSeconds` by force. It stays stopped, whatever its
   * restart policy. Gone is stopped, too.
   */
  stop(id: ContainerId, graceSeconds: number, options?: Options): Promise<void>;

  /** Removes a container, by force if it runs, with its unnamed volumes; waits until it is gone. */
  remove(id: ContainerId, options?: Options): Promise<void>;

  /**
   * Brings {@link Container.health} up to date and gives it. Ask here, not `inspect`, before a
   * decision: Podman without systemd never runs a health check by itself.
   *
   * @throws EngineError `NOT_FOUND`
   */
  checkHealth(id: ContainerId, options?: Options): Promise<Container>;

  /** Creates a bridge network with working names; one of that name that is there already is taken. */
  ensureNetwork(
    name: string,
    labels: Readonly<Record<string, string>>,
    options?: Options,
  ): Promise<void>;

  /** Removes a network. @throws EngineError `ENGINE_REFUSED` if containers are in it */
  removeNetwork(name: string, options?: Options): Promise<void>;

  /**
   * Puts a container into a network under exactly these aliases. One that is in it under others
   * leaves it for a moment, which cuts its connections.
   *
   * @throws EngineError `NOT_FOUND` the container or the network
   */
  connect(id: ContainerId, network: NetworkAttachment, options?: Options): Promise<void>;

  /** Takes a container out of a network, which cuts its connections. */
  disconnect(id: ContainerId, network: string, options?: Options): Promise<void>;

  /** The last lines of a container's log, oldest first. @throws EngineError `NOT_FOUND` */
  logs(id: ContainerId, options: LogOptions): Promise<readonly LogLine[]>;

  /** The last lines and then what is added, until the container ends. @throws EngineError `NOT_FOUND` */
  followLogs(id: ContainerId, options: LogOptions): AsyncIterable<LogLine>;

  /**
   * What happens to containers with all of these labels, from the first step of the loop on, across
   * restarts of the engine. Break out of the loop, or abort, to end it.
   */
  events(
    labels: Readonly<Record<string, string>>,
    options?: Options,
  ): AsyncIterable<ContainerEvent>;
}
