import * as v from 'valibot';
import { ConfigError, errorMessage } from '../errors.ts';
import { Secret } from '../secret.ts';

/** A schema known by what it gives; what it takes is data of any shape. */
export type Schema<Output> = v.GenericSchema<unknown, Output>;

/** What a setting is called and for; shown by editors and in the documentation. */
export interface About {
  readonly title: string;
  readonly description: string;
  readonly examples?: readonly unknown[];
}

/**
 * What a text stands for besides itself. It is replaced before it is validated:
 * - `secret`, `pem`: a path, replaced by the file's content (a PEM text in its place is kept)
 * - `path`: a path of a file that must exist, made absolute (`public` is kept)
 * - `fileOrFolder`: a path of either, which must exist, made absolute
 * - `folder`: a path made absolute, of which nothing else is known
 * - `location`: a `file:` location, made absolute
 */
export type Role = 'secret' | 'pem' | 'path' | 'fileOrFolder' | 'folder' | 'location';

/** Metadata that steers validation and does not go into the JSON Schema. */
export interface Inner {
  readonly role?: Role;
  /** Never shown, not even when it is wrong. */
  readonly secret?: boolean;
}

type Metadata = Partial<About> & Inner;

/** Adds title, description and examples. */
export function about<Output>(schema: Schema<Output>, { title, ...rest }: About): Schema<Output> {
  return v.pipe(schema, v.metadata({ title, ...rest }));
}

/** Text that must not be empty and must pass `checks`, whose errors say what is wrong with it. */
export function text(
  info: About & Inner,
  ...checks: readonly ((text: string) => unknown)[]
): v.GenericSchema<string, string> {
  return v.pipe(
    v.string(),
    v.nonEmpty('is empty'),
    v.metadata({ ...info } satisfies Metadata),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed || dataset.value === '') return;
      for (const check of checks) {
        try {
          check(dataset.value);
        } catch (error) {
          // Without the place that the check itself may have named.
          const issue = error instanceof ConfigError ? error.issues[0] : undefined;
          addIssue({ message: issue?.message ?? errorMessage(error) });
        }
      }
    }),
  );
}

/** Text that is a secret from here on. */
export function secret(
  info: About,
  ...checks: readonly ((text: string) => unknown)[]
): Schema<Secret> {
  return v.pipe(text({ ...info, secret: true }, ...checks), v.transform(toSecret));
}

/** A path of a file that holds a secret; the line end that editors add is no part of it. */
export function secretFile(
  info: About,
  ...checks: readonly ((text: string) => unknown)[]
): Schema<Secret> {
  return v.pipe(text({ ...info, secret: true, role: 'secret' }, ...checks), v.transform(toSecret));
}

/** One of a few words. */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  info: About,
): Schema<Word> {
  return about(v.picklist(words), info);
}

export function flag(info: About): Schema<boolean> {
  return about(v.boolean(), info);
}

export function wholeNumber(info: About, min: number, max: number): Schema<number> {
  return about(
    v.pipe(
      v.number(),
      v.integer(`is not a whole number`),
      v.minValue(min, `is less than ${min}`),
      v.maxValue(max, `is more than ${max}`),
    ),
    info,
  );
}

export function list<Output>(item: Schema<Output>, info: About): Schema<Output[]> {
  return about(v.array(item), info);
}

/** A default, as it would be written in the file. */
type Written = string | number | boolean | readonly unknown[] | Readonly<Record<string, unknown>>;

/** An optional setting with the value it has when left out, as it would be written. */
export function withDefault<Output>(
  schema: Schema<Output>,
  value: Written,
): v.ExactOptionalSchema<Schema<Output>, Written> {
  return v.exactOptional(schema, value);
}

/** An optional setting that has no value when left out. */
export function optional<Output>(
  schema: Schema<Output>,
): v.ExactOptionalSchema<Schema<Output>, undefined> {
  return v.exactOptional(schema);
}

function toSecret(value: string): Secret {
  return new Secret(value);
}
