import * as v from 'valibot';
import {
  about,
  list,
  oneOf,
  text,
  withDefault,
  type About,
  type Schema,
} from '../../settings/fields.ts';
import { matchInfo } from '../../settings/match.ts';
import { checkGlob, checkHost } from '../../settings/texts.ts';
import { checkTemplate } from './texts.ts';

export interface SourceSettings {
  readonly registry: string;
}

export interface TargetSettings {
  readonly image: string;
  readonly overrides: readonly { readonly match: string; readonly image: string }[];
  readonly existing: 'refuse' | 'overwrite';
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
