import { EngineError } from '../../errors.ts';
import type { ContainerSpec } from './container-spec.ts';
import type { Dialect, UnreadableSettings } from './dialect.ts';

/** Holds, as JSON, the settings that an engine does not tell back. */
const LABEL = 'com.atlan.sdr.unreadable-settings';

/** The label to create a container with. */
export function unreadableLabel(
  spec: ContainerSpec,
  dialect: Dialect,
): Readonly<Record<string, string>> {
  const settings = dialect.unreadable(spec);
  return settings === undefined ? {} : { [LABEL]: JSON.stringify(settings) };
}

/** The settings in the label, and the other labels. @throws EngineError for a broken label */
export function takeUnreadable(labels: Readonly<Record<string, string>>): {
  readonly settings: UnreadableSettings;
  readonly labels: Readonly<Record<string, string>>;
} {
  const { [LABEL]: label, ...others } = labels;
  if (label === undefined) return { settings: {}, labels };
  try {
    return { settings: JSON.parse(label) as UnreadableSettings, labels: others };
  } catch (error) {
    throw new EngineError('ENGINE_REFUSED', `the label ${LABEL} of a container is no JSON`, error);
  }
}
