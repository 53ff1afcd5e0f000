import { type FailureReason, lasting, networkReason, passing } from '../failure.ts';

/** What Azure itself says, by its error code. */
const REASONS: Readonly<Record<string, FailureReason>> = {
  ContainerNotFound: lasting('the container does not exist: create it, or correct the location'),
  ContainerBeingDeleted: lasting('the container is being deleted'),
  AuthenticationFailed: lasting(
    'the credentials were refused: check the account key, the SAS token and its expiry, and this machine’s clock',
  ),
  AuthorizationFailure: lasting(
    'access denied: the credentials are wrong, have expired, or have no right to the container, or the account’s firewall keeps this network out',
  ),
  AuthorizationPermissionMismatch: lasting(
    'access denied: the identity needs the role "Storage Blob Data Contributor" for the container, a SAS token the permissions r, w, c (and t for tags)',
  ),
  PublicAccessNotPermitted: lasting(
    'the request carried no credentials, and anonymous access is off',
  ),
  InsufficientAccountPermissions: lasting('access denied: the SAS token lacks permissions'),
  AccountIsDisabled: lasting('the account is disabled'),
  LeaseIdMissing: lasting(
    'somebody holds a lease on the blob, which forbids writing it: break or release the lease',
  ),
  BlobImmutableDueToPolicy: lasting('an immutability policy forbids replacing the blob'),
  InvalidBlobType: lasting('the blob is no block blob: delete it, or choose another name'),
};

/** What the identity library says, by the name of its error. */
const IDENTITY_REASON: FailureReason = lasting(
  'no credentials were found: run with a workload or managed identity, set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET, log in with "az login", or set AZURE_STORAGE_CONNECTION_STRING',
);

/** Azure's code of an error: its own, or Node's where the network failed. */
export function azureCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/**
 * Whether a condition does not hold. By its code: a blob with a lease answers 412 as well, however
 * often one asks.
 */
export function isFailedCondition(error: unknown): boolean {
  const code = azureCodeOf(error);
  return (
    code === 'ConditionNotMet' ||
    code === 'BlobAlreadyExists' ||
    code === 'UnauthorizedBlobOverwrite' ||
    // What If-Match names is gone.
    code === 'BlobNotFound'
  );
}

/** What came back, in words for the operator. */
export function reasonOf(error: unknown): FailureReason {
  const code = azureCodeOf(error);
  const known = REASONS[code ?? ''];
  if (known !== undefined) return known;
  if (error instanceof Error && /Authentication|CredentialUnavailable/.test(error.name)) {
    return IDENTITY_REASON;
  }
  const status = statusOf(error);
  if (status === undefined) return networkReason(error);
  // More than the first line may show what was signed.
  const words = `${status} ${code ?? ''}: ${error instanceof Error ? error.message.split('\n')[0] : ''}`;
  if (status === 401 || status === 403) return lasting(`${words}: check the credentials`);
  return status < 500 && status !== 429 && status !== 408 ? lasting(words) : passing(words);
}
