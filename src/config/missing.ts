import type { Problem } from '../settings/conform.ts';
import { isMapping } from '../settings/raw.ts';
import { REQUIRED_SECTIONS } from './schema/settings.ts';

/** How each section that has no default is given, in the file and without one. */
const HOW: Readonly<
  Record<(typeof REQUIRED_SECTIONS)[number], { readonly file: string; readonly flags: string }>
> = {
  releases: {
    file: 'releases.url (the tenant) or releases.file',
    flags: '--releases-url or --releases-file',
  },
  target: { file: 'target.image', flags: '--target' },
  map: { file: 'map.store or map.component', flags: '--map' },
};

/** The needed sections that nothing gives. Without a file at all that is one problem, not three. */
export function missingSections(
  data: unknown,
  sections: readonly string[],
  { hasFile, cwd }: { readonly hasFile: boolean; readonly cwd: string },
): readonly Problem[] {
  if (!isMapping(data)) return [];
  const missing = REQUIRED_SECTIONS.filter(
    (section) => sections.includes(section) && data[section] === undefined,
  );
  if (hasFile) {
    return missing.map((section) => ({
      path: [section],
      message: `missing: give ${HOW[section].file}`,
      atKey: true,
    }));
  }
  if (missing.length === 0) return [];
  const flags = missing.map((section) => HOW[section].flags);
  return [
    {
      path: [],
      message: `there is no mirror.yaml in ${cwd}, and neither --config nor MIRROR_CONFIG names another file. Let mirror init write one, or do without and give ${new Intl.ListFormat('en').format(flags)}.`,
    },
  ];
}
