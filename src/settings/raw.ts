import type { SettingPath } from './path.ts';

/** Parsed data while it is being put together: mappings, lists and scalars of any shape. */
export type RawMapping = Record<string, unknown>;

/** Whether a value is a mapping of parsed data. */
export function isMapping(value: unknown): value is RawMapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands at a path, `undefined` if nothing does. */
export function getAt(data: unknown, path: SettingPath): unknown {
  return path.reduce<unknown>((node, step) => {
    if (Array.isArray(node)) return node[Number(step)];
    return isMapping(node) && Object.hasOwn(node, step) ? node[step] : undefined;
  }, data);
}

/** A copy with `value` at `path`; whatever is no container on the way there gives way to one. */
export function setAt(data: unknown, path: SettingPath, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === 'number') {
    const list: unknown[] = Array.isArray(data) ? [...data] : [];
    list[step] = setAt(list[step], rest, value);
    return list;
  }
  const mapping = mappingOf(data);
  mapping[step] = setAt(mapping[step], rest, value);
  return mapping;
}

/** A copy without what stands at `path`. */
export function removeAt(data: unknown, path: SettingPath): unknown {
  const [step, ...rest] = path;
  if (typeof step !== 'string' || !isMapping(data) || !Object.hasOwn(data, step)) return data;
  const mapping = mappingOf(data);
  if (rest.length === 0) delete mapping[step];
  else mapping[step] = removeAt(mapping[step], rest);
  return mapping;
}

function mappingOf(data: unknown): RawMapping {
  return Object.assign(Object.create(null) as RawMapping, isMapping(data) ? data : {});
}
