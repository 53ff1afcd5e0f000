import { parse, safeParse } from 'valibot';
import { getAt } from '../../settings/raw.ts';
import { settingsSchema, type Settings } from './schema/settings.ts';

/**
 * The settings, with the defaults in place of every section that is wrong: a slip in one of them
 * is no reason to keep silent about the others.
 */
export function soundSettings(data: unknown): {
  readonly settings: Settings;
  /** The sections that are wrong. */
  readonly unsound: ReadonlySet<unknown>;
} {
  const whole = safeParse(settingsSchema, data);
  if (whole.success) return { settings: whole.output, unsound: new Set() };
  const unsound = new Set<keyof Settings>();
  const sound: Partial<Record<keyof Settings, unknown>> = {};
  for (const section of SECTIONS) {
    const value = getAt(data, [section]);
    if (value === undefined) continue;
    if (safeParse(settingsSchema, { [section]: value }).success) sound[section] = value;
    else unsound.add(section);
  }
  return { settings: parse(settingsSchema, sound), unsound };
}

const SECTIONS: readonly (keyof Settings)[] = [
  'atlan',
  'components',
  'container_registry',
  'orchestrator',
];
