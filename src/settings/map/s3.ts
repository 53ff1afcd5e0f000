import * as v from 'valibot';
import { ConfigError } from '../../errors.ts';
import type { Secret } from '../../secret.ts';
import type { S3Settings as StoreSettings } from '../../stores/place.ts';
import {
  about,
  flag,
  oneOf,
  optional,
  secret,
  secretFile,
  text,
  type Schema,
} from '../../settings/fields.ts';
import { ca, contentType, endpoint, tags } from './object.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey?: Secret;
  readonly secretAccessKeyFile?: Secret;
  readonly sessionToken?: Secret;
  readonly sessionTokenFile?: Secret;
}

export interface S3Settings extends Omit<StoreSettings, 'credentials'> {
  readonly credentials?: S3Credentials;
}

const credentials: Schema<S3Credentials> = about(
  v.pipe(
    v.strictObject({
      accessKeyId: text({
        title: 'Access key',
        description: 'Id of the access key.',
        examples: ['${MAP_ACCESS_KEY_ID}'],
      }),
      secretAccessKey: optional(
        secret({ title: 'Secret key', description: 'Secret of the access key.' }),
      ),
      secretAccessKeyFile: optional(
        secretFile({
          title: 'File of the secret key',
          description: 'A file that holds the secret of the access key.',
          examples: ['/run/secrets/map-secret-key'],
        }),
      ),
      sessionToken: optional(
        secret({ title: 'Session token', description: 'Comes with temporary keys.' }),
      ),
      sessionTokenFile: optional(
        secretFile({
          title: 'File of the session token',
          description: 'A file that holds the session token.',
        }),
      ),
    }),
    v.partialCheck(
      [['secretAccessKey'], ['secretAccessKeyFile']],
      ({ secretAccessKey, secretAccessKeyFile }) =>
        (secretAccessKey ?? secretAccessKeyFile) !== undefined,
      'needs secretAccessKey or secretAccessKeyFile',
    ),
  ),
  {
    title: 'Keys',
    description:
      'Keys of a user. Default: where all AWS tools look, which gives workloads and machines their roles.',
  },
);

const assumeRole = about(
  v.strictObject({
    arn: text(
      {
        title: 'Role',
        description: 'ARN of the role.',
        examples: ['arn:aws:iam::123456789012:role/image-map'],
      },
      (arn) => {
        if (!/^arn:[^:\s]*:[^:\s]*:[^:\s]*:[^:\s]*:\S+$/.test(arn)) {
          throw new ConfigError('is not an ARN, like arn:aws:iam::123456789012:role/image-map');
        }
      },
    ),
    sessionName: optional(
      text({ title: 'Session', description: "The session's name. Default: `sdr-mirror`." }),
    ),
  }),
  { title: 'Role', description: 'A role to take on, by the keys or the role there already is.' },
);

const encryption = about(
  v.pipe(
    v.strictObject({
      algorithm: oneOf(['AES256', 'aws:kms', 'aws:kms:dsse'], {
        title: 'Algorithm',
        description: '`AES256` uses keys of the store, the others those of a key service.',
      }),
      kmsKeyId: optional(
        text({
          title: 'Key',
          description: "Id, ARN or alias of the key. Default: the account's own.",
          examples: ['alias/image-map'],
        }),
      ),
    }),
    v.partialCheck(
      [['algorithm'], ['kmsKeyId']],
      ({ algorithm, kmsKeyId }) => kmsKeyId === undefined || algorithm !== 'AES256',
      'AES256 takes no key: write aws:kms as algorithm, or leave out kmsKeyId',
    ),
  ),
  {
    title: 'Encryption',
    description: "How the store encrypts the map. Default: as the bucket's settings say.",
  },
);

export const s3Schema: Schema<S3Settings> = about(
  v.strictObject({
    endpoint: endpoint(
      "Address of a store other than Amazon's. Default: `AWS_ENDPOINT_URL_S3`, then Amazon.",
      'https://minio.mycompany.com',
    ),
    region: optional(
      text(
        {
          title: 'Region',
          description: 'Region of the bucket. Default: where all AWS tools look.',
          examples: ['eu-central-1'],
        },
        (region) => {
          if (!/^[\w.-]+$/.test(region)) throw new ConfigError('is not the name of a region');
        },
      ),
    ),
    pathStyle: optional(
      flag({
        title: 'Path style',
        description:
          'Whether the bucket is in the path rather than in the host name; most stores other than Amazon want it.',
      }),
    ),
    credentials: optional(credentials),
    assumeRole: optional(assumeRole),
    ca,
    insecureTls: optional(
      flag({
        title: 'Accept any certificate',
        description: 'Whoever is on the way can read and change the map. Give `ca` instead.',
      }),
    ),
    contentType,
    tags: tags(
      { title: 'Tags', description: 'Tags of the object; they need `s3:PutObjectTagging`.' },
      /^[\p{L}\p{N} +\-=._:/@]{1,128}$/u,
    ),
    storageClass: optional(
      text(
        {
          title: 'Storage class',
          description: "Default: the bucket's.",
          examples: ['STANDARD_IA'],
        },
        (name) => {
          if (!/^[A-Z0-9_]+$/.test(name)) {
            throw new ConfigError('is not a storage class, like STANDARD');
          }
          if (['GLACIER', 'DEEP_ARCHIVE'].includes(name)) {
            throw new ConfigError('is an archive: nothing could read the map there');
          }
        },
      ),
    ),
    encryption: optional(encryption),
    concurrency: optional(
      oneOf(['conditional', 'versions', 'single-writer'], {
        title: 'Concurrency',
        description:
          "How writers keep out of each other's way. `conditional`, the default: by conditional writes, and a store that ignores them is refused. `versions`: by the order of versions in a versioned bucket. `single-writer`: not at all; you answer for it that nobody else writes.",
      }),
    ),
  }),
  { title: 'S3', description: 'How an `s3://` store is reached. Everything has a default.' },
);
