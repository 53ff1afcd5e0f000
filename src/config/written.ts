import type { ConfigDocument } from '../settings/document.ts';
import type { Interpolation } from '../settings/interpolate.ts';
import type { Given } from './overrides.ts';
import { isWithin, pathKey, type SettingPath } from '../settings/path.ts';
import { settingsSchema } from './schema/settings.ts';
import type { Written } from '../settings/written.ts';

export function describeWritten({
  document,
  given,
  expansion,
  isReplaced,
}: {
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
    schema: settingsSchema,
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
