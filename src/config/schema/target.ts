import * as v from 'valibot';
import {
  about,
  flag,
  list,
  oneOf,
  text,
  wholeNumber,
  withDefault,
  type About,
  type Schema,
} from '../../settings/fields.ts';
import { matchInfo } from '../../settings/match.ts';
import { checkGlob, checkHost } from '../../settings/texts.ts';
import { checkLocation } from './location.ts';
import { checkTemplate } from './texts.ts';

export interface SourceSettings {
  readonly registry: string;
}

export interface TargetSettings {
  readonly image: string;
  readonly overrides: readonly { readonly match: string; readonly image: string }[];
  readonly existing: 'refuse' | 'overwrite';
}

export interface MapSettings {
  readonly store: string;
  readonly entries: 'tag' | 'repository';
  readonly existing: 'keep' | 'replace';
}

export interface CopySettings {
  readonly engine: 'registry' | 'skopeo';
  readonly signatures: boolean;
  readonly concurrency: number;
}

const template: About = {
  title: 'Name at the target',
  description:
    'Reference of the copy, with placeholders: `{registry}` and `{repository}` of the source, `{name}` (the last part of the repository), `{tag}`, `{app}` and `{version}` as announced.',
  examples: ['registry.mycompany.com/atlan/{name}:{tag}'],
};

export const sourceSchema: Schema<SourceSettings> = about(
  v.strictObject({
    registry: withDefault(
      text(
        {
          title: 'Default registry',
          description: 'Registry of announced references that name none.',
          examples: ['docker.io'],
        },
        checkHost,
      ),
      'docker.io',
    ),
  }),
  { title: 'Source', description: 'Where images come from.' },
);

const override = about(
  v.strictObject({
    match: text(matchInfo, checkGlob),
    image: text(template, checkTemplate),
  }),
  { title: 'Override', description: 'Another name for some images.' },
);

export const targetSchema: Schema<TargetSettings> = about(
  v.strictObject({
    image: text(template, checkTemplate),
    overrides: withDefault(
      list(override, {
        title: 'Overrides',
        description: 'Other names for images whose repository matches a pattern.',
      }),
      [],
    ),
    existing: withDefault(
      oneOf(['refuse', 'overwrite'], {
        title: 'Existing tags',
        description:
          'What to do where another digest stands under the tag at the target: `refuse` leaves it and reports it, `overwrite` moves the tag.',
      }),
      'refuse',
    ),
  }),
  { title: 'Target', description: 'Where images go, and under which names.' },
);

export const mapSchema: Schema<MapSettings> = about(
  v.strictObject({
    store: text(
      {
        title: 'Store',
        description:
          'Where the image map lies: `file:` and a path, relative to the configuration file.',
        examples: ['file:image-map.yaml'],
        role: 'location',
      },
      checkLocation,
    ),
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
  }),
  { title: 'Image map', description: 'The map that the orchestrator reads.' },
);

export const copySchema: Schema<CopySettings> = about(
  v.strictObject({
    engine: withDefault(
      oneOf(['registry', 'skopeo'], {
        title: 'Engine',
        description: '`registry` is built in and needs no binary. `skopeo` uses the one installed.',
      }),
      'registry',
    ),
    signatures: withDefault(
      flag({
        title: 'Signatures',
        description: 'Whether signatures and attestations are copied with their images.',
      }),
      true,
    ),
    concurrency: withDefault(
      wholeNumber({ title: 'Concurrency', description: 'Images in flight at once.' }, 1, 512),
      32,
    ),
  }),
  { title: 'Copy', description: 'How images are copied.' },
);
