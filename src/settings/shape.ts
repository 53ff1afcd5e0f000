import { getMetadata } from 'valibot';
import type { SettingPath } from './path.ts';
import { isMapping } from './raw.ts';
import type { About, Inner, Schema } from './fields.ts';

/** A schema of valibot as far as a walk along the data needs it. */
export type Shape = Schema<unknown> & {
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly wrapped?: Shape;
  readonly item?: Shape;
  readonly value?: Shape;
  readonly options?: readonly Shape[];
};

/** The schema itself, without what makes it optional. */
export function unwrap(shape: Shape): Shape {
  return shape.wrapped ?? shape;
}

/** Of a union, the option that a value is meant for: mappings and lists go to their like. */
export function optionFor(shape: Shape, value: unknown): Shape {
  // Picklists have options too: words.
  if (shape.type !== 'union') return shape;
  const kind = isMapping(value) ? 'entries' : Array.isArray(value) ? 'item' : undefined;
  const fitting = shape.options?.find((option) =>
    kind === undefined
      ? option.entries === undefined && option.item === undefined
      : option[kind] !== undefined,
  );
  return fitting === undefined ? shape : optionFor(fitting, value);
}

/** The schema of one key of a mapping; `undefined` if the mapping knows no such key. */
export function entryOf(shape: Shape, key: string): Shape | undefined {
  if (shape.entries === undefined) return shape.value;
  return Object.hasOwn(shape.entries, key) ? shape.entries[key] : undefined;
}

/** The schema that stands at a path, if the path leads to one. */
export function shapeAt(root: Shape, path: SettingPath): Shape | undefined {
  return path.reduce<Shape | undefined>((shape, step) => {
    if (shape === undefined) return undefined;
    const own = unwrap(shape);
    const next =
      typeof step === 'number' ? optionFor(own, []).item : entryOf(optionFor(own, {}), step);
    return next === undefined ? undefined : unwrap(next);
  }, unwrap(root));
}

/** What steers the validation of a schema besides its type. */
export function innerOf(shape: Shape): Inner {
  return getMetadata(shape);
}

/** What a schema says of itself to people. */
export function aboutOf(shape: Shape): Partial<About> {
  return getMetadata(shape);
}
