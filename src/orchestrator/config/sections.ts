import type { SettingPath } from '../../settings/path.ts';
import type { OrchestratorConfig } from './config.ts';

export type Section = keyof OrchestratorConfig;

/** Where in the file each section stands. */
const PATHS: Readonly<Record<Section, SettingPath>> = {
  atlan: ['atlan'],
  components: ['components'],
  images: ['container_registry'],
  registries: ['orchestrator', 'registries'],
  verify: ['orchestrator', 'verify'],
  apps: ['orchestrator', 'apps'],
  orchestrator: ['orchestrator'],
  temporal: ['orchestrator', 'temporal'],
  controlPlane: ['orchestrator', 'control_plane'],
  releases: ['orchestrator', 'releases'],
};

/** The sections whose defaults come from another one, or that refer to it. */
const NEEDS: Readonly<Partial<Record<Section, readonly Section[]>>> = {
  images: ['components'],
  orchestrator: ['atlan'],
  temporal: ['atlan'],
  releases: ['atlan'],
};

export const SECTIONS: readonly Section[] = Object.keys(PATHS) as Section[];

/** The sections that must be looked at to give those. */
export function closure(sections: readonly Section[]): ReadonlySet<Section> {
  return new Set(sections.flatMap((section) => [section, ...(NEEDS[section] ?? [])]));
}

/** What of the file need not be looked at. Resolving a name needs no client secret. */
export function unneeded(needed: ReadonlySet<Section>): readonly SettingPath[] {
  const paths = SECTIONS.filter(
    (section) => section !== 'orchestrator' && !needed.has(section),
  ).map((section) => PATHS[section]);
  return needed.has('images') ? paths : [...paths, ['orchestrator', 'map']];
}
