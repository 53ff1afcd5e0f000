import * as v from 'valibot';
import type { Secret } from '../../../secret.ts';
import {
  about,
  optional,
  secret,
  secretFile,
  text,
  type Schema,
} from '../../../settings/fields.ts';
import { checkSecureUrl } from './texts.ts';

export interface ReleasesSettings {
  readonly url?: string;
  readonly token?: Secret;
  readonly token_file?: Secret;
  readonly file?: string;
}

export const releasesSchema: Schema<ReleasesSettings> = about(
  v.pipe(
    v.strictObject({
      url: optional(
        text(
          {
            title: 'URL',
            description: "Where releases are announced. Default: the tenant's own address.",
            examples: ['https://acme.atlan.com'],
          },
          checkSecureUrl,
        ),
      ),
      token: optional(
        secret({
          title: 'Token',
          description:
            "An API token of the tenant. Default: an access token of the deployment's pair.",
          examples: ['${ATLAN_API_TOKEN}'],
        }),
      ),
      token_file: optional(
        secretFile({
          title: 'File of the token',
          description: 'A file that holds the token, instead of `token`.',
        }),
      ),
      file: optional(
        text({
          title: 'File',
          description: 'A JSON file of the same shape as the answer, instead of `url`.',
          examples: ['releases.json'],
          role: 'path',
        }),
      ),
    }),
    v.forward(
      v.partialCheck(
        [['file'], ['url'], ['token'], ['token_file']],
        ({ file, url, token, token_file }) =>
          file === undefined || (url ?? token ?? token_file) === undefined,
        'contradicts url and token: give one of them',
      ),
      ['file'],
    ),
  ),
  { title: 'Releases', description: 'Where the orchestrator learns of new versions.' },
);
