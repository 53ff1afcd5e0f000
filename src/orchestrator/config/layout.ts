import type { Problem } from '../../settings/conform.ts';
import type { SettingPath } from '../../settings/path.ts';
import { isMapping, type RawMapping } from '../../settings/raw.ts';

/** What may stand at the top of a `config.yaml` and is no component. */
export const TOP_LEVEL = ['atlan', 'components', 'container_registry', 'orchestrator'] as const;

/** A file of either layout, as if it were of the one. */
export interface Arranged {
  /** Every component is under `components`. */
  readonly data: unknown;
  readonly problems: readonly Problem[];
  /** Where something really stands in the file. */
  readonly placeOf: (path: SettingPath) => SettingPath;
}

/**
 * Gathers the components of both layouts: under `components:`, and at the top of the file, where
 * whatever has a type is one. What the vendor's templates leave empty counts as left out.
 */
export function arrange(data: unknown): Arranged {
  if (!isMapping(data)) return { data, problems: [], placeOf: (path) => path };
  const filled = withoutEmpty(data);
  const atTop = Object.entries(filled).filter(
    ([key, value]) => !isOwn(key) && isMapping(value) && typeof value['type'] === 'string',
  );
  const { components } = filled;
  if (atTop.length === 0 || (components !== undefined && !isMapping(components))) {
    return { data: filled, problems: [], placeOf: (path) => path };
  }
  const nested = components ?? {};
  const names = new Set(atTop.map(([name]) => name));
  const twice = [...names].filter((name) => Object.hasOwn(nested, name));
  const rest = Object.entries(filled).filter(([key]) => !names.has(key));
  return {
    data: mapping([...rest, ['components', mapping([...Object.entries(nested), ...atTop])]]),
    problems: twice.map((name) => ({
      path: [name],
      message: `is described twice: here and under components`,
      atKey: true,
    })),
    placeOf: (path) =>
      path[0] === 'components' && typeof path[1] === 'string' && names.has(path[1])
        ? path.slice(1)
        : path,
  };
}

function withoutEmpty(data: RawMapping): RawMapping {
  const sections = Object.entries(data).filter(([, value]) => value !== null);
  return mapping(
    sections.map(([key, value]) =>
      (key === 'atlan' || key === 'container_registry') && isMapping(value)
        ? [key, mapping(Object.entries(value).filter(([, item]) => item !== '' && item !== null))]
        : [key, value],
    ),
  );
}

function isOwn(key: string): boolean {
  return (TOP_LEVEL as readonly string[]).includes(key);
}

/** Without a prototype, as parsed data is. */
function mapping(entries: readonly (readonly [string, unknown])[]): RawMapping {
  return Object.assign(Object.create(null) as RawMapping, Object.fromEntries(entries));
}
