import type { Secret } from '../secret.ts';
import type { ComponentLocation } from '../stores/dapr-component.ts';
import type {
  AzureBlobSettings as AzureBlobStoreSettings,
  GcsSettings as GcsStoreSettings,
  S3Settings as S3StoreSettings,
} from '../stores/place.ts';
import type { MapPlaceSettings } from './map.ts';
import type { AzureBlobSettings, AzureCredentials } from './map/azure-blob.ts';
import type { GcsCredentials, GcsSettings } from './map/gcs.ts';
import type { S3Credentials, S3Settings } from './map/s3.ts';
import type { MapPlaceConfig } from './shared-config.ts';

/** Gives the validated settings of a place the form that stores take. */
export function toMapPlace(settings: MapPlaceSettings): MapPlaceConfig {
  const { s3, azblob, gs } = settings;
  return {
    store: settings.store ?? toComponent(settings),
    settings: {
      ...(s3 && { s3: toS3(s3) }),
      ...(azblob && { azblob: toAzureBlob(azblob) }),
      ...(gs && { gs: toGcs(gs) }),
    },
  };
}

function toComponent(settings: MapPlaceSettings): ComponentLocation {
  const { component, componentName, key, rootPath } = settings;
  if (component === undefined) {
    throw new TypeError('the validation of map let through what has neither store nor component');
  }
  return {
    path: component,
    ...(componentName !== undefined && { name: componentName }),
    ...(key !== undefined && { key }),
    ...(rootPath !== undefined && { rootPath }),
  };
}

function toS3({ credentials, ...own }: S3Settings): S3StoreSettings {
  return { ...own, ...(credentials && { credentials: toS3Credentials(credentials) }) };
}

function toS3Credentials(given: S3Credentials): NonNullable<S3StoreSettings['credentials']> {
  const sessionToken = given.sessionToken ?? given.sessionTokenFile;
  return {
    accessKeyId: given.accessKeyId,
    secretAccessKey: required(given.secretAccessKey ?? given.secretAccessKeyFile),
    ...(sessionToken && { sessionToken }),
  };
}

function toAzureBlob({ credentials, ...own }: AzureBlobSettings): AzureBlobStoreSettings {
  return { ...own, ...(credentials && { credentials: toAzureCredentials(credentials) }) };
}

function toAzureCredentials(
  given: AzureCredentials,
): NonNullable<AzureBlobStoreSettings['credentials']> {
  const { tenantId, clientId } = given;
  const connectionString = given.connectionString ?? given.connectionStringFile;
  if (connectionString) return { kind: 'connectionString', connectionString };
  const accountKey = given.accountKey ?? given.accountKeyFile;
  if (accountKey) return { kind: 'accountKey', accountKey };
  const token = given.sasToken ?? given.sasTokenFile;
  if (token) return { kind: 'sas', token };
  if (tenantId === undefined) return { kind: 'identity', clientId: required(clientId) };
  return {
    kind: 'clientSecret',
    tenantId,
    clientId: required(clientId),
    clientSecret: required(given.clientSecret ?? given.clientSecretFile),
  };
}

function toGcs({ credentials, ...own }: GcsSettings): GcsStoreSettings {
  return { ...own, ...(credentials && { credentials: toGcsCredentials(credentials) }) };
}

function toGcsCredentials(given: GcsCredentials): NonNullable<GcsStoreSettings['credentials']> {
  if (given.anonymous === true) return { kind: 'anonymous' };
  return {
    kind: 'serviceAccount',
    clientEmail: required(given.clientEmail),
    privateKey: required(given.privateKey ?? given.privateKeyFile),
  };
}

/** What the validation has seen to. */
function required<T extends string | Secret>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('the validation let through incomplete credentials');
  return value;
}
