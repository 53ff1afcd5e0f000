import type { Place } from './document.ts';
import type { SettingPath } from './path.ts';
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
