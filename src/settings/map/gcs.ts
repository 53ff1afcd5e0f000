import * as v from 'valibot';
import { ConfigError } from '../../errors.ts';
import type { Secret } from '../../secret.ts';
import type { GcsSettings as StoreSettings } from '../../stores/place.ts';
import {
  about,
  flag,
  optional,
  secret,
  secretFile,
  text,
  type Schema,
} from '../../settings/fields.ts';
import { checkPem } from '../../settings/texts.ts';
import { contentType, endpoint, tags } from './object.ts';

export interface GcsCredentials {
  readonly clientEmail?: string;
  readonly privateKey?: Secret;
  readonly privateKeyFile?: Secret;
  readonly anonymous?: boolean;
}

export interface GcsSettings extends Omit<StoreSettings, 'credentials'> {
  readonly credentials?: GcsCredentials;
}

const credentials: Schema<GcsCredentials> = about(
  v.pipe(
    v.strictObject({
      clientEmail: optional(
        text({
          title: 'Service account',
          description: 'E-mail address of the service account.',
          examples: ['image-map@acme.iam.gserviceaccount.com'],
        }),
      ),
      privateKey: optional(
        secret(
          { title: 'Private key', description: 'Private key of the service account, as PEM text.' },
          checkPem('PRIVATE KEY'),
        ),
      ),
      privateKeyFile: optional(
        secretFile(
          {
            title: 'File of the private key',
            description: 'A PEM file that holds the private key.',
            examples: ['/run/secrets/map-key.pem'],
          },
          checkPem('PRIVATE KEY'),
        ),
      ),
      anonymous: optional(
        flag({ title: 'Anonymous', description: 'Send no credentials: for emulators.' }),
      ),
    }),
    v.partialCheck(
      [['clientEmail'], ['privateKey'], ['privateKeyFile'], ['anonymous']],
      ({ clientEmail, privateKey, privateKeyFile, anonymous }) => {
        const hasKey = (privateKey ?? privateKeyFile) !== undefined;
        if (anonymous === true) return clientEmail === undefined && !hasKey;
        return clientEmail !== undefined && hasKey;
      },
      'needs clientEmail and privateKey (or privateKeyFile), or anonymous: true alone',
    ),
  ),
  {
    title: 'Credentials',
    description:
      'Key of a service account. Default: the application default credentials, workload identity federation among them.',
  },
);

export const gcsSchema: Schema<GcsSettings> = about(
  v.strictObject({
    endpoint: endpoint(
      "Address of an emulator or a private endpoint. Default: Google's.",
      'https://storage-acme.p.googleapis.com',
    ),
    projectId: optional(
      text({
        title: 'Project',
        description: 'Project that pays for requests. Default: `GOOGLE_CLOUD_PROJECT`.',
      }),
    ),
    credentials: optional(credentials),
    contentType,
    tags: tags(
      { title: 'Metadata', description: 'Custom metadata of the object.' },
      /^(?!sdr-mirror-)[A-Za-z0-9_-]{1,128}$/,
    ),
    kmsKeyName: optional(
      text(
        {
          title: 'Encryption key',
          description: "Key that encrypts the map. Default: the bucket's.",
          examples: ['projects/acme/locations/eu/keyRings/maps/cryptoKeys/image-map'],
        },
        (name) => {
          if (/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/.test(name))
            return;
          throw new ConfigError(
            'is not a key: write projects/P/locations/L/keyRings/R/cryptoKeys/K',
          );
        },
      ),
    ),
  }),
  {
    title: 'Google Cloud Storage',
    description: 'How a `gs://` store is reached. Everything has a default.',
  },
);
