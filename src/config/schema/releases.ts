import * as v from 'valibot';
import type { Secret } from '../../secret.ts';
import {
  about,
  list,
  optional,
  secret,
  secretFile,
  text,
  withDefault,
  type Schema,
} from '../../settings/fields.ts';
import { checkGlob } from '../../settings/texts.ts';
import { checkImage, checkReleasesUrl } from './texts.ts';

export interface ReleasesSettings {
  readonly url?: string;
  readonly file?: string;
  readonly token?: Secret;
  readonly tokenFile?: Secret;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly extra: readonly string[];
}

const glob = text(
  {
    title: 'Pattern',
    description:
      "`*` stands for any characters, `/` too, `?` for one; the whole name must match. Compared with the app's name, the image as announced, and its repository with and without the registry.",
    examples: ['teradata', 'atlanhq/atlan-*'],
  },
  checkGlob,
);

const extra = text(
  {
    title: 'Image',
    description: 'An image reference with a tag.',
    examples: ['atlanhq/atlan-teradata-app:3.1.3'],
  },
  checkImage,
);

const entries = v.strictObject({
  url: optional(
    text(
      {
        title: 'Tenant',
        description:
          "The tenant's address. The list is read from `/api/service/marketplace/latest-releases` there. https only, without user information or query.",
        examples: ['https://acme.atlan.com'],
      },
      checkReleasesUrl,
    ),
  ),
  file: optional(
    text({
      title: 'File of releases',
      description:
        'A JSON file of the same shape as the endpoint\'s answer, `{"releases": [{"image": …}]}`, instead of `url`. Relative to the configuration file.',
      examples: ['releases.json'],
      role: 'path',
    }),
  ),
  token: optional(
    secret({
      title: 'API token',
      description:
        'An API token of the tenant, created by a tenant admin. Default: the environment variable `ATLAN_API_TOKEN`.',
      examples: ['${ATLAN_API_TOKEN}'],
    }),
  ),
  tokenFile: optional(
    secretFile({
      title: 'File of the API token',
      description: 'A file that holds the token, instead of `token`: a mounted secret.',
      examples: ['/run/secrets/atlan-api-token'],
    }),
  ),
  include: withDefault(
    list(glob, {
      title: 'Included releases',
      description: 'Only releases that match one of these patterns are mirrored.',
    }),
    ['*'],
  ),
  exclude: withDefault(
    list(glob, {
      title: 'Excluded releases',
      description: 'Releases that match one of these patterns are left out, included or not.',
    }),
    [],
  ),
  extra: withDefault(
    list(extra, {
      title: 'Extra images',
      description:
        'Images to mirror besides what is announced, whatever `include` and `exclude` say: an earlier version that is still deployed.',
    }),
    [],
  ),
});

export const releasesSchema: Schema<ReleasesSettings> = about(
  v.pipe(
    entries,
    v.forward(
      v.partialCheck(
        [['url'], ['file']],
        ({ url, file }) => url === undefined || file === undefined,
        'url and file contradict each other: the releases come from one of them',
      ),
      ['file'],
    ),
    v.partialCheck(
      [['url'], ['file']],
      ({ url, file }) => url !== undefined || file !== undefined,
      'says not where the releases come from: give url (the tenant) or file',
    ),
    v.forward(
      v.partialCheck(
        [['url'], ['token'], ['tokenFile']],
        ({ url, token, tokenFile }) =>
          url === undefined || token !== undefined || tokenFile !== undefined,
        'missing: give token or tokenFile, or set the environment variable ATLAN_API_TOKEN',
      ),
      ['token'],
    ),
  ),
  { title: 'Releases', description: 'Where the run learns which images the tenant may run.' },
);
