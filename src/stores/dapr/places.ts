import { Secret } from '../../secret.ts';
import { accountOf } from '../azure/account.ts';
import type { AzureBlobPlace, GcsPlace, S3Place } from '../place.ts';
import type { ComponentSettings } from './settings.ts';

/** `bindings.aws.s3` */
export function s3Place(settings: ComponentSettings, key: string): S3Place {
  const [accessKeyId, secretAccessKey, sessionToken] = [
    settings.text('accessKey'),
    settings.secret('secretKey'),
    settings.secret('sessionToken'),
  ];
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    settings.refuse('accessKey and secretKey need each other');
  }
  const endpoint = settings.text('endpoint');
  const scheme = settings.flag('disableSSL') ? 'http' : 'https';
  const arn = settings.text('assumeRoleArn');
  const sessionName = settings.text('sessionName', 'assumeRoleSessionName');
  const algorithm = settings.text('serverSideEncryption');
  const kmsKeyId = settings.text('sseKmsKeyId');
  const region = settings.text('region', 'awsRegion');
  const storageClass = settings.text('storageClass');
  return {
    kind: 's3',
    bucket: settings.required('bucket'),
    key,
    pathStyle: settings.flag('forcePathStyle'),
    insecureTls: settings.flag('insecureSSL'),
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && {
      endpoint: endpoint.includes('://') ? endpoint : `${scheme}://${endpoint}`,
    }),
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && {
        credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
      }),
    ...(arn !== undefined && { assumeRole: { arn, ...(sessionName && { sessionName }) } }),
    ...(storageClass !== undefined && { storageClass }),
    ...(algorithm !== undefined && { encryption: { algorithm, ...(kmsKeyId && { kmsKeyId }) } }),
  };
}

/** `bindings.azure.blobstorage` */
export function azurePlace(settings: ComponentSettings, key: string): AzureBlobPlace {
  const connectionString = settings.secret('connectionString');
  const account =
    settings.text('accountName', 'storageAccount', 'storageAccountName') ??
    (connectionString && accountOf(connectionString.reveal())) ??
    settings.required('accountName');
  const endpoint = settings.text('endpoint');
  const accountKey = settings.secret(
    ...(['accountKey', 'accessKey', 'storageAccessKey', 'storageAccountKey'] as const),
  );
  const token = settings.secret('sasToken');
  const [tenantId, clientId, clientSecret] = [
    settings.text('azureTenantId'),
    settings.text('azureClientId'),
    settings.secret('azureClientSecret'),
  ];
  if (clientSecret && (tenantId === undefined || clientId === undefined)) {
    settings.refuse('azureClientSecret needs azureTenantId and azureClientId');
  }
  const suffix = BLOB_SUFFIXES[(settings.text('azureEnvironment') ?? '').toUpperCase()];
  return {
    kind: 'azblob',
    account,
    container: settings.required('containerName', 'container', 'storageAccountContainer'),
    key,
    ...(endpoint !== undefined && { endpoint: `${endpoint.replace(/\/+$/, '')}/${account}` }),
    ...(endpoint === undefined &&
      suffix !== undefined && { endpoint: `https://${account}.${suffix}` }),
    ...(clientSecret &&
      tenantId !== undefined &&
      clientId !== undefined && {
        credentials: { kind: 'clientSecret', tenantId, clientId, clientSecret },
      }),
    ...(clientId !== undefined && !clientSecret && { credentials: { kind: 'identity', clientId } }),
    ...(token && { credentials: { kind: 'sas', token } }),
    ...(accountKey && { credentials: { kind: 'accountKey', accountKey } }),
    ...(connectionString && { credentials: { kind: 'connectionString', connectionString } }),
  };
}

const BLOB_SUFFIXES: Readonly<Record<string, string>> = {
  AZURECHINACLOUD: 'blob.core.chinacloudapi.cn',
  AZURECHINA: 'blob.core.chinacloudapi.cn',
  AZUREUSGOVERNMENTCLOUD: 'blob.core.usgovcloudapi.net',
  AZUREUSGOVERNMENT: 'blob.core.usgovcloudapi.net',
};

/** `bindings.gcp.bucket` */
export function gcsPlace(settings: ComponentSettings, key: string): GcsPlace {
  const projectId = settings.text('projectID', 'project_id');
  const clientEmail = settings.text('client_email', 'clientEmail');
  const escapedKey = settings.secret('private_key', 'privateKey')?.reveal();
  if ((clientEmail === undefined) !== (escapedKey === undefined)) {
    settings.refuse('client_email and private_key need each other');
  }
  return {
    kind: 'gs',
    bucket: settings.required('bucket'),
    key,
    ...(projectId !== undefined && { projectId }),
    ...(clientEmail !== undefined &&
      escapedKey !== undefined && {
        credentials: {
          kind: 'serviceAccount',
          clientEmail,
          privateKey: new Secret(escapedKey.replaceAll(String.raw`\n`, '\n')),
        },
      }),
  };
}
