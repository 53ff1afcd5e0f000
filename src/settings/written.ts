import type { ConfigDocument, Place } from './document.ts';
import type { Given } from './given.ts';
import type { Interpolation } from './interpolate.ts';
import { isWithin, pathKey, type SettingPath } from './path.ts';
import type { Shape } from './shape.ts';

/** What is known of the settings as they were written, for messages about them. */
export interface Written {
  readonly schema: Shape;
  /** The text before expansion, for a setting that the environment had a part in. */
  readonly expression: (path: SettingPath) => string | undefined;
  /** The option or variable that gave a setting; `undefined` for one of the file. */
  readonly origin: (path: SettingPath) => string | undefined;
  readonly locate: (path: SettingPath, part: 'key' | 'value') => Place;
}

export function describeWritten({
  schema,
  document,
  given,
  expansion,
  isReplaced,
}: {
  readonly schema: Shape;
  readonly document: ConfigDocument | undefined;
  readonly given: readonly Given[];
  readonly expansion: Interpolation;
  /** Whether a setting of the file gave way to one of the command line. */
  readonly isReplaced: (path: SettingPath) => boolean;
}): Written {
  const origin = (path: SettingPath): string | undefined =>
    given.find((setting) => isWithin(path, setting.path))?.origin;
  const expressions = new Map(
    expansion.expanded.map(({ path, written }) => [pathKey(path), written]),
  );
  return {
    schema,
    origin,
    expression: (path) => (origin(path) === undefined ? expressions.get(pathKey(path)) : undefined),
    locate: (path, part) => {
      // What the command line made up is nowhere in the file, though what it is made of has a name.
      const isInFile = document?.has(path) === true && !isReplaced(path);
      const below = given.find((setting) => path.length > 0 && isWithin(setting.path, path));
      const from = origin(path) ?? (isInFile ? undefined : below?.origin);
      return from === undefined ? (document?.locate(path, part) ?? {}) : { file: from };
    },
  };
}
