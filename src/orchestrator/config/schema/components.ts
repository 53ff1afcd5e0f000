import * as v from 'valibot';
import { about, list, optional, text, withDefault, type Schema } from '../../../settings/fields.ts';
import { ConfigError } from '../../../errors.ts';

export type ItemValue = string | number | boolean;

export interface ItemSettings {
  readonly name: string;
  readonly value?: ItemValue;
  readonly secretKeyRef?: { readonly name?: string; readonly key?: string };
  readonly envRef?: string;
}

export interface ComponentSettings {
  readonly type: string;
  readonly version: string;
  readonly metadata: readonly ItemSettings[];
  readonly auth?: { readonly secretStore: string };
}

export type ComponentsSettings = Readonly<Record<string, ComponentSettings>>;

const name = text(
  { title: 'Name', description: 'Name of the component.', examples: ['objectstore'] },
  (given) => {
    if (/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/.test(given)) return;
    throw new ConfigError('is not the name of a component: use lower-case letters, digits and "-"');
  },
);

const value: Schema<ItemValue> = v.pipe(
  v.union([v.string(), v.number(), v.boolean()]),
  // Any of them may be a secret.
  v.metadata({ title: 'Value', description: 'The value itself.', secret: true }),
  v.check(
    (given) => typeof given !== 'string' || !given.includes('{{'),
    'still holds a placeholder {{…}}: write what belongs there',
  ),
);

const item: Schema<ItemSettings> = about(
  v.pipe(
    v.looseObject({
      name: text({ title: 'Name', description: 'Name of the setting.', examples: ['bucket'] }),
      value: optional(value),
      secretKeyRef: optional(
        about(
          v.pipe(
            v.strictObject({
              name: optional(text({ title: 'Name', description: 'Name of the secret.' })),
              key: optional(text({ title: 'Key', description: 'Key within the secret.' })),
            }),
            v.check(
              ({ name: own, key }) => (own ?? key) !== undefined,
              'needs a name, a key, or both',
            ),
          ),
          { title: 'Secret', description: 'A secret of the secret store.' },
        ),
      ),
      envRef: optional(text({ title: 'Variable', description: 'A variable of the environment.' })),
    }),
    v.partialCheck(
      [['value'], ['secretKeyRef'], ['envRef']],
      (given) =>
        [given.value, given.secretKeyRef, given.envRef].filter((one) => one !== undefined)
          .length === 1,
      'needs exactly one of value, secretKeyRef and envRef',
    ),
  ) as Schema<ItemSettings>,
  { title: 'Setting', description: 'One setting of the component.' },
);

const component: Schema<ComponentSettings> = about(
  v.looseObject({
    type: text(
      {
        title: 'Type',
        description: 'What the component is.',
        examples: ['bindings.aws.s3'],
      },
      (given) => {
        if (/^[a-z]+\.[a-z0-9._-]+$/i.test(given)) return;
        throw new ConfigError('is not the type of a component, like bindings.aws.s3');
      },
    ),
    version: withDefault(text({ title: 'Version', description: 'Version of the type.' }), 'v1'),
    metadata: withDefault(
      list(item, { title: 'Settings', description: 'What the component is told.' }),
      [],
    ),
    auth: optional(
      about(
        v.strictObject({
          secretStore: text({
            title: 'Secret store',
            description: 'The component that `secretKeyRef`s lead to. Default: `secretstore`.',
          }),
        }),
        { title: 'Secrets', description: 'Where secrets are looked up.' },
      ),
    ),
  }) as Schema<ComponentSettings>,
  { title: 'Component', description: 'The body of a Dapr component.' },
);

export const componentsSchema: Schema<ComponentsSettings> = about(v.record(name, component), {
  title: 'Components',
  description:
    'Dapr components for the apps by name, at least `objectstore`. They may also stand at the top of the file.',
});
