import * as v from 'valibot';
import { optional, withDefault, type Schema } from '../../settings/fields.ts';
import { copySchema, type CopySettings } from './copy.ts';
import { mapSchema, type MapSettings } from './map.ts';
import { notifySchema, type NotifySchemaSettings } from './notify.ts';
import { registriesSchema, type RegistriesSettings } from '../../settings/registries.ts';
import { releasesSchema, type ReleasesSettings } from './releases.ts';
import { reportSchema, type ReportSettings } from './report.ts';
import { sourceSchema, targetSchema, type SourceSettings, type TargetSettings } from './target.ts';
import { timeoutsSchema, type TimeoutsSettings } from './timeouts.ts';
import { verifySchema, type VerifySettings } from '../../settings/verify.ts';

/** `mirror.yaml` as validated: defaults filled in, nothing resolved across sections yet. */
export interface Settings {
  readonly releases?: ReleasesSettings;
  readonly source: SourceSettings;
  readonly target?: TargetSettings;
  readonly map?: MapSettings;
  readonly verify: VerifySettings;
  readonly registries: RegistriesSettings;
  readonly copy: CopySettings;
  readonly timeouts: TimeoutsSettings;
  readonly report: ReportSettings;
  readonly notify?: NotifySchemaSettings;
}

/** The sections without defaults: a run cannot do without them, other commands may. */
export const REQUIRED_SECTIONS = ['releases', 'target', 'map'] as const;

export const SECTIONS: readonly (keyof Settings)[] = [
  'releases',
  'source',
  'target',
  'map',
  'verify',
  'registries',
  'copy',
  'timeouts',
  'report',
  'notify',
];

export const settingsSchema: Schema<Settings> = v.strictObject({
  releases: optional(releasesSchema),
  source: withDefault(sourceSchema, {}),
  target: optional(targetSchema),
  map: optional(mapSchema),
  verify: withDefault(verifySchema, {}),
  registries: withDefault(registriesSchema, {}),
  copy: withDefault(copySchema, {}),
  timeouts: withDefault(timeoutsSchema, {}),
  report: withDefault(reportSchema, {}),
  notify: optional(notifySchema),
});
