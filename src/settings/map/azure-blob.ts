import * as v from 'valibot';
import type { Secret } from '../../secret.ts';
import type { AzureBlobSettings as StoreSettings } from '../../stores/place.ts';
import { about, optional, secret, secretFile, text, type Schema } from '../../settings/fields.ts';
import { ca, contentType, endpoint, tags } from './object.ts';

export interface AzureCredentials {
  readonly connectionString?: Secret;
  readonly connectionStringFile?: Secret;
  readonly accountKey?: Secret;
  readonly accountKeyFile?: Secret;
  readonly sasToken?: Secret;
  readonly sasTokenFile?: Secret;
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly clientSecret?: Secret;
  readonly clientSecretFile?: Secret;
}

export interface AzureBlobSettings extends Omit<StoreSettings, 'credentials'> {
  readonly credentials?: AzureCredentials;
}

const entries = v.strictObject({
  connectionString: optional(
    secret({ title: 'Connection string', description: 'Connection string of the account.' }),
  ),
  connectionStringFile: optional(
    secretFile({
      title: 'File of the connection string',
      description: 'A file that holds the connection string.',
    }),
  ),
  accountKey: optional(secret({ title: 'Account key', description: 'Key of the account.' })),
  accountKeyFile: optional(
    secretFile({
      title: 'File of the account key',
      description: 'A file that holds the key of the account.',
      examples: ['/run/secrets/map-account-key'],
    }),
  ),
  sasToken: optional(
    secret({
      title: 'SAS token',
      description: 'A shared access signature for the container: read, create, write, list.',
    }),
  ),
  sasTokenFile: optional(
    secretFile({ title: 'File of the SAS token', description: 'A file that holds the SAS token.' }),
  ),
  tenantId: optional(text({ title: 'Tenant', description: 'Tenant of the service principal.' })),
  clientId: optional(
    text({
      title: 'Client',
      description:
        'Of a service principal; or, alone, which of several identities that the machine or workload has.',
    }),
  ),
  clientSecret: optional(
    secret({ title: 'Client secret', description: 'Secret of the service principal.' }),
  ),
  clientSecretFile: optional(
    secretFile({
      title: 'File of the client secret',
      description: 'A file that holds the secret of the service principal.',
    }),
  ),
});

/** The kinds of credentials that are given in part or in whole. */
function kindsOf(given: AzureCredentials): number {
  return [
    given.connectionString ?? given.connectionStringFile,
    given.accountKey ?? given.accountKeyFile,
    given.sasToken ?? given.sasTokenFile,
    given.tenantId ?? given.clientId ?? given.clientSecret ?? given.clientSecretFile,
  ].filter((kind) => kind !== undefined).length;
}

const credentials: Schema<AzureCredentials> = about(
  v.pipe(
    entries,
    v.partialCheck(
      [
        ['connectionString'],
        ['connectionStringFile'],
        ['accountKey'],
        ['accountKeyFile'],
        ['sasToken'],
        ['sasTokenFile'],
        ['tenantId'],
        ['clientId'],
        ['clientSecret'],
        ['clientSecretFile'],
      ],
      (given) => kindsOf(given) === 1,
      'needs one of connectionString, accountKey, sasToken and clientId, and not several',
    ),
    v.partialCheck(
      [['tenantId'], ['clientId'], ['clientSecret'], ['clientSecretFile']],
      ({ tenantId, clientId, clientSecret, clientSecretFile }) => {
        const hasSecret = (clientSecret ?? clientSecretFile) !== undefined;
        const isPrincipal = tenantId !== undefined && clientId !== undefined && hasSecret;
        return isPrincipal || (tenantId === undefined && !hasSecret);
      },
      'a service principal has tenantId, clientId and clientSecret (or clientSecretFile)',
    ),
  ),
  {
    title: 'Credentials',
    description:
      "One kind of them. Default: `AZURE_STORAGE_*` of Azure's command line, then the identity of the workload or machine.",
  },
);

export const azureBlobSchema: Schema<AzureBlobSettings> = about(
  v.strictObject({
    endpoint: endpoint(
      "Address of the account's blob service. Default: the public cloud's.",
      'https://acme.blob.core.usgovcloudapi.net',
    ),
    credentials: optional(credentials),
    ca,
    contentType,
    tags: tags(
      {
        title: 'Tags',
        description: 'Index tags of the blob; they need the permission to write tags.',
      },
      /^[A-Za-z0-9 +\-./:=_]{1,128}$/,
    ),
    encryptionScope: optional(
      text({
        title: 'Encryption scope',
        description: "The account's encryption scope to use. Default: the container's.",
      }),
    ),
  }),
  {
    title: 'Azure Blob Storage',
    description: 'How an `azblob://` store is reached. Everything has a default.',
  },
);
