import { isDeepStrictEqual } from 'node:util';
import { Secret } from '../../secret.ts';
import type { ContainerSpec } from './container-spec.ts';

/**
 * The settings in which two containers differ, besides name, image and labels; a setting inside
 * another by its path: `environment.HTTPS_PROXY`. Never a value: it may be secret.
 */
export function differences(a: ContainerSpec, b: ContainerSpec): readonly string[] {
  const left = comparable(a);
  const right = comparable(b);
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((key) => !isDeepStrictEqual(left.get(key), right.get(key)))
    .toSorted();
}

function comparable(spec: ContainerSpec): ReadonlyMap<string, unknown> {
  const { name: _name, image: _image, labels: _labels, environment, ...rest } = spec;
  const settings = Object.entries(rest).map(
    ([key, value]) => [key, inOneOrder(key, value)] as const,
  );
  const variables = Object.entries(environment).map(
    ([key, value]) =>
      [`environment.${key}`, value instanceof Secret ? value.reveal() : value] as const,
  );
  return new Map<string, unknown>([...settings, ...variables]);
}

/** Lists whose order says nothing, which an engine gives back in another. */
const UNORDERED = new Set(['mounts', 'groups', 'securityOptions', 'network', 'ports']);

function inOneOrder(key: string, value: unknown): unknown {
  if (key === 'capabilities') {
    const { add, drop } = value as ContainerSpec['capabilities'];
    return { add: add.toSorted(), drop: drop.toSorted() };
  }
  // Podman is asked for `always`, which there does what `unless-stopped` promises.
  if (key === 'restart' && value === 'unless-stopped') return 'always';
  if (!UNORDERED.has(key) || !Array.isArray(value)) return value;
  return value.map((item: unknown) => JSON.stringify(item, sortedKeys)).toSorted();
}

/** JSON with keys and aliases in one order. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.every((item) => typeof item === 'string') ? value.toSorted() : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
