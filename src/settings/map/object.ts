import * as v from 'valibot';
import { ConfigError } from '../../errors.ts';
import { about, optional, text, type About, type Schema } from '../../settings/fields.ts';
import { checkPem, checkUrl } from '../../settings/texts.ts';

/** What S3 and Azure allow one object. */
const MOST_TAGS = 10;

type Optional<Output> = v.ExactOptionalSchema<Schema<Output>, undefined>;

/** An endpoint in place of the cloud's own. */
export function endpoint(description: string, example: string): Optional<string> {
  return optional(text({ title: 'Endpoint', description, examples: [example] }, checkUrl));
}

export const ca: Optional<string> = optional(
  text(
    {
      title: 'Certificate authorities',
      description:
        'Trusted for this store besides the usual ones: a PEM file, relative to the configuration file, or the PEM text itself.',
      examples: ['corp.pem'],
      role: 'pem',
    },
    checkPem('CERTIFICATE'),
  ),
);

export const contentType: Optional<string> = optional(
  text(
    {
      title: 'Content type',
      description: 'Kept with the object. Default: `application/yaml`.',
      examples: ['text/yaml; charset=utf-8'],
    },
    (type) => {
      if (/^[\w.+-]+\/[\w.+-]+(?:; *[\w-]+=[\w.+-]+)*$/.test(type)) return;
      throw new ConfigError('is not a media type, like application/yaml');
    },
  ),
);

/**
 * Tags or metadata, by name.
 *
 * @param name - which names the store takes
 */
export function tags(info: About, name: RegExp): Optional<Readonly<Record<string, string>>> {
  const isName = (key: string): void => {
    if (!name.test(key)) throw new ConfigError('holds characters that the store does not take');
  };
  const tag = text({ title: 'Name', description: 'Name of the tag.' }, isName);
  const value = text({ title: 'Value', description: 'Value of the tag.' }, (text) => {
    if (!/^[\p{L}\p{N} +\-=._:/@]{1,256}$/u.test(text)) {
      throw new ConfigError('is not a value of a tag: letters, digits and "+ - = . _ : / @"');
    }
  });
  return optional(
    about(
      v.pipe(
        v.record(tag, value),
        v.check(
          (given) => Object.keys(given).length <= MOST_TAGS,
          `are more than ${MOST_TAGS} tags, the most an object can have`,
        ),
      ),
      { ...info, examples: [{ team: 'data-platform' }] },
    ),
  );
}
