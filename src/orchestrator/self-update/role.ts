import type { Options } from '../../options.ts';
import type { Container } from '../engine/container.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import { greenName, oldName, type Places } from '../swap/places.ts';

/**
 * What an orchestrator is follows from the name of its container alone: `active` under the plain
 * name, `standby` as `.green`, `watcher` as `.old`. Since the engine gives a name to one container
 * only, one orchestrator only is active.
 */
export type Role = 'active' | 'standby' | 'watcher';

/** How the orchestrators of this machine stand, as one of them sees it. */
export interface Scene extends Places {
  readonly self: Container;
  readonly role: Role;
  /** The plain name, which the active one bears. */
  readonly name: string;
}

/** The role that a name gives, and the plain name. */
export function roleOf(containerName: string): { readonly role: Role; readonly name: string } {
  for (const [suffix, role] of SUFFIXES) {
    if (containerName.endsWith(suffix))
      return { role, name: containerName.slice(0, -suffix.length) };
  }
  return { role: 'active', name: containerName };
}

const SUFFIXES = [
  [greenName(''), 'standby'],
  [oldName(''), 'watcher'],
] as const;

/** Looks around. @returns `undefined` if there is no container of that id */
export async function look(
  engine: Pick<ContainerEngine, 'inspect'>,
  ownId: string,
  options: Options = {},
): Promise<Scene | undefined> {
  const self = await engine.inspect(ownId, options);
  if (self === undefined) return undefined;
  const { role, name } = roleOf(self.name);
  const [current, green, old] = await Promise.all(
    [name, greenName(name), oldName(name)].map(async (each) => engine.inspect(each, options)),
  );
  return {
    self,
    role,
    name,
    ...(current === undefined ? {} : { current }),
    ...(green === undefined ? {} : { green }),
    ...(old === undefined ? {} : { old }),
  };
}
