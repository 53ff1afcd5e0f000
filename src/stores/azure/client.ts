import {
  AnonymousCredential,
  BlobServiceClient,
  type BlockBlobClient,
  type StoragePipelineOptions,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import type { TokenCredential } from '@azure/identity';
import { ConfigError, errorMessage } from '../../errors.ts';
import { quote } from '../../quote.ts';
import { Secret } from '../../secret.ts';
import { accountOf } from './account.ts';
import { type Environment, trusted } from '../agents.ts';
import type { AzureBlobPlace, AzureBlobSettings } from '../place.ts';

// The pipeline takes these too; the types of the storage client leave them out.
type ClientOptions = StoragePipelineOptions & { readonly tlsOptions?: { readonly ca: string } };

type Credentials = AzureBlobSettings['credentials'];

/** Opens the blobs of a container; credentials that `place` leaves out come from the ambience. */
export async function connectAzure(
  place: AzureBlobPlace,
  env: Environment,
): Promise<(key: string) => BlockBlobClient> {
  const options: ClientOptions = {
    retryOptions: {
      maxTries: 4,
      tryTimeoutInMs: 30_000,
      retryDelayInMs: 200,
      maxRetryDelayInMs: 4000,
    },
    ...(place.ca !== undefined && { tlsOptions: { ca: trusted(place.ca).join('\n') } }),
  };
  const credentials = place.credentials ?? ambientCredentials(place.account, env);
  const endpoint = place.endpoint ?? `https://${place.account}.blob.core.windows.net`;
  const service = await connect(credentials, endpoint, place.account, options, env);
  const container = service.getContainerClient(place.container);
  return (key) => container.getBlockBlobClient(key);
}

async function connect(
  credentials: Credentials,
  endpoint: string,
  account: string,
  options: ClientOptions,
  env: Environment,
): Promise<BlobServiceClient> {
  if (credentials?.kind === 'connectionString') {
    return fromConnectionString(credentials.connectionString, account, options);
  }
  if (credentials?.kind === 'accountKey') {
    const key = new StorageSharedKeyCredential(account, credentials.accountKey.reveal());
    return new BlobServiceClient(endpoint, key, options);
  }
  if (credentials?.kind === 'sas') {
    const token = credentials.token.reveal().replace(/^\?/, '');
    return new BlobServiceClient(`${endpoint}?${token}`, new AnonymousCredential(), options);
  }
  return new BlobServiceClient(endpoint, await identityOf(credentials, env), options);
}

function fromConnectionString(
  text: Secret,
  account: string,
  options: ClientOptions,
): BlobServiceClient {
  const named = accountOf(text.reveal());
  // Its account alone would count, and the map be written elsewhere than the location says.
  if (named !== undefined && named !== account) {
    throw new ConfigError(
      `the connection string is of the storage account ${quote(named)}, the map is in ${quote(account)}: correct one of them`,
    );
  }
  try {
    return BlobServiceClient.fromConnectionString(text.reveal(), options);
  } catch (error) {
    throw new ConfigError(
      `the connection string of the storage account is not usable (${errorMessage(error)}): copy it anew from the portal`,
    );
  }
}

async function identityOf(
  credentials: Extract<Credentials, { readonly kind: 'clientSecret' | 'identity' }> | undefined,
  env: Environment,
): Promise<TokenCredential> {
  const { ClientSecretCredential, DefaultAzureCredential } = await import('@azure/identity');
  // Whoever names the authority vouches for it; asking Microsoft's public one whether it exists
  // fails in every cloud that is cut off from it.
  const authority = { disableInstanceDiscovery: env['AZURE_AUTHORITY_HOST'] !== undefined };
  if (credentials === undefined) return new DefaultAzureCredential(authority);
  if (credentials.kind === 'identity') {
    const { clientId } = credentials;
    const which = { managedIdentityClientId: clientId, workloadIdentityClientId: clientId };
    return new DefaultAzureCredential({ ...authority, ...which });
  }
  const { tenantId, clientId, clientSecret } = credentials;
  return new ClientSecretCredential(tenantId, clientId, clientSecret.reveal(), authority);
}

/** What Azure's own command line reads, as far as it is about this account. */
function ambientCredentials(account: string, env: Environment): Credentials {
  const connectionString = env['AZURE_STORAGE_CONNECTION_STRING'];
  if (connectionString !== undefined && accountOf(connectionString) === account) {
    return { kind: 'connectionString', connectionString: new Secret(connectionString) };
  }
  if ((env['AZURE_STORAGE_ACCOUNT'] ?? account) !== account) return undefined;
  const { AZURE_STORAGE_KEY: key, AZURE_STORAGE_SAS_TOKEN: sas } = env;
  if (key !== undefined && key !== '') return { kind: 'accountKey', accountKey: new Secret(key) };
  if (sas !== undefined && sas !== '') return { kind: 'sas', token: new Secret(sas) };
  return undefined;
}
