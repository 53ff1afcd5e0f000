import type { Options } from '../../options.ts';
import type { Container } from '../engine/container.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';

/** Whose containers are looked at: an app of a deployment. */
export interface Subject {
  /** The name of the container that serves. */
  readonly name: string;
  /** The labels that all its containers bear, whatever their name. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Where the containers of one app stand. A name is a lock that the engine grants to one, and
 * survives every crash: which container has which name is all the state a swap has.
 */
export interface Places {
  /** Under the app's own name: it serves. */
  readonly current?: Container;
  /** `<name>.green`: the candidate. */
  readonly green?: Container;
  /** `<name>.old`: served until the candidate was found good. */
  readonly old?: Container;
}

export function greenName(name: string): string {
  return `${name}.green`;
}

export function oldName(name: string): string {
  return `${name}.old`;
}

/** Whether no swap is under way or half done. */
export function isAtRest({ current, green, old }: Places): boolean {
  return green === undefined && old === undefined && current !== undefined;
}

/** Looks where they stand now. Containers that somebody renamed otherwise are left alone. */
export async function observe(
  engine: Pick<ContainerEngine, 'list'>,
  subject: Subject,
  options: Options = {},
): Promise<Places> {
  return placesOf(subject.name, await engine.list(subject.labels, options));
}

/** Sorts containers by what their names say. */
export function placesOf(name: string, containers: readonly Container[]): Places {
  const named = (wanted: string): Container | undefined =>
    containers.find((container) => container.name === wanted);
  const [current, green, old] = [named(name), named(greenName(name)), named(oldName(name))];
  return {
    ...(current === undefined ? {} : { current }),
    ...(green === undefined ? {} : { green }),
    ...(old === undefined ? {} : { old }),
  };
}
