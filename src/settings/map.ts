import * as v from 'valibot';
import { ConfigError } from '../errors.ts';
import { mapLocationProblem, schemeOf } from '../stores/location.ts';
import { optional, text, type Schema } from './fields.ts';
import { azureBlobSchema, type AzureBlobSettings } from './map/azure-blob.ts';
import { gcsSchema, type GcsSettings } from './map/gcs.ts';
import { s3Schema, type S3Settings } from './map/s3.ts';

/** Where the map lies and how it is reached. */
export interface MapPlaceSettings {
  readonly store?: string;
  readonly component?: string;
  readonly key?: string;
  readonly componentName?: string;
  readonly rootPath?: string;
  readonly s3?: S3Settings;
  readonly azblob?: AzureBlobSettings;
  readonly gs?: GcsSettings;
}

/** The settings by kind of store; a kind is called by the scheme of its locations. */
export const STORE_KINDS = ['s3', 'azblob', 'gs'] as const;

/** Settings that only a component has. */
export const COMPONENT_SETTINGS = ['component', 'key', 'componentName', 'rootPath'] as const;

type Entries = v.ObjectEntries & {
  readonly [Name in keyof MapPlaceSettings]-?: v.ExactOptionalSchema<
    Schema<NonNullable<MapPlaceSettings[Name]>>,
    undefined
  >;
};

/** The settings that make up a place, to stand among others. */
export const mapPlaceEntries: Entries = {
  store: optional(
    text(
      {
        title: 'Store',
        description:
          'Where the image map lies: an object in S3 or a store like it, in Azure Blob Storage, in Google Cloud Storage; or a file, relative to the configuration file.',
        examples: [
          's3://acme-sdr/sdr/image-map.yaml',
          'azblob://account/container/sdr/image-map.yaml',
          'gs://acme-sdr/sdr/image-map.yaml',
          'file:image-map.yaml',
        ],
        role: 'location',
      },
      (location) => {
        const problem = mapLocationProblem(location);
        if (problem !== undefined) throw new ConfigError(problem);
      },
    ),
  ),
  component: optional(
    text({
      title: 'Component',
      description:
        "Instead of `store`, the orchestrator's own description of its object store: a Dapr component file, a folder of them, or its `config.yaml`. Relative to the configuration file.",
      examples: ['config.yaml', 'components/objectstore.yaml'],
      role: 'fileOrFolder',
    }),
  ),
  key: optional(
    text({
      title: 'Key',
      description:
        "Where in the component's store the map lies. Default: what `config.yaml` says as `container_registry.image_map_path`.",
      examples: ['sdr/image-map.yaml'],
    }),
  ),
  componentName: optional(
    text({
      title: 'Name of the component',
      description: 'Which component is meant. Default: `objectstore`.',
    }),
  ),
  rootPath: optional(
    text({
      title: 'Root of the component',
      description:
        'Of a component that keeps files: the folder that is mounted as its `rootPath`, as this host sees it.',
      examples: ['/srv/atlan/objectstore'],
      role: 'folder',
    }),
  ),
  s3: optional(s3Schema),
  azblob: optional(azureBlobSchema),
  gs: optional(gcsSchema),
};

/** Adds what holds across the settings of a place. */
export function checkedPlace<Output extends MapPlaceSettings>(
  section: Schema<Output>,
): Schema<Output> {
  const place = section as Schema<MapPlaceSettings> as Schema<Fields>;
  return v.pipe(
    place,
    v.partialCheck(
      [['store'], ['component']],
      ({ store, component }: Fields) => (store ?? component) !== undefined,
      'says not where the map lies: give store, or component',
    ),
    v.forward(
      v.partialCheck(
        [['store'], ['component']],
        ({ store, component }: Fields) => store === undefined || component === undefined,
        'store and component contradict each other: the map lies in one place',
      ),
      ['component'],
    ),
    onlyOfComponent('key'),
    onlyOfComponent('componentName'),
    onlyOfComponent('rootPath'),
    onlyOfStore('s3'),
    onlyOfStore('azblob'),
    onlyOfStore('gs'),
  ) as Schema<unknown> as Schema<Output>;
}

// An interface has no index signature, which the library wants of what it checks in part.
type Fields = Pick<MapPlaceSettings, keyof MapPlaceSettings>;
type Check = v.BaseValidation<Fields, Fields, v.PartialCheckIssue<Fields>>;

function onlyOfComponent(setting: 'key' | 'componentName' | 'rootPath'): Check {
  return v.forward(
    v.partialCheck(
      [['component'], [setting]],
      (map: Fields) => map[setting] === undefined || map.component !== undefined,
      `${setting} belongs to a component: leave it out beside store`,
    ),
    [setting],
  );
}

function onlyOfStore(kind: (typeof STORE_KINDS)[number]): Check {
  return v.forward(
    v.partialCheck(
      [['store'], [kind]],
      ({ store, ...map }: Fields) =>
        map[kind] === undefined || store === undefined || schemeOf(store) === kind,
      `${kind} does not fit store, which is of another kind: leave it out`,
    ),
    [kind],
  );
}
