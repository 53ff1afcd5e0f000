import * as v from 'valibot';
import { about, oneOf, withDefault, type Schema } from '../../settings/fields.ts';
import { checkedPlace, mapPlaceEntries, type MapPlaceSettings } from '../../settings/map.ts';

export interface MapSettings extends MapPlaceSettings {
  readonly entries: 'tag' | 'repository';
  readonly existing: 'keep' | 'replace';
}

const section = v.strictObject({
  ...mapPlaceEntries,
  entries: withDefault(
    oneOf(['tag', 'repository'], {
      title: 'Entries',
      description:
        '`tag` writes one exact entry for each image. `repository` writes one entry for each app, which covers every tag: also those that are not mirrored yet.',
    }),
    'tag',
  ),
  existing: withDefault(
    oneOf(['keep', 'replace'], {
      title: 'Existing entries',
      description:
        "What to do with an entry that points elsewhere than `target` says: `keep` takes it for a person's decision, `replace` takes it over.",
    }),
    'keep',
  ),
});

export const mapSchema: Schema<MapSettings> = about(checkedPlace<MapSettings>(section), {
  title: 'Image map',
  description: 'The map that the orchestrator reads.',
});
