import { type FailureReason, lasting, networkReason, passing } from '../failure.ts';

/** What S3 itself says, by the name of its error. */
const REASONS: Readonly<Record<string, FailureReason>> = {
  NoSuchBucket: lasting('the bucket does not exist: create it, or correct the location'),
  AccessDenied: lasting(
    'access denied: the credentials need s3:GetObject and s3:PutObject for this key, and s3:ListBucket for the bucket, without which a missing map looks like a forbidden one',
  ),
  InvalidAccessKeyId: lasting('the access key is not known there: check the credentials'),
  SignatureDoesNotMatch: lasting('the secret key does not fit the access key: check both'),
  ExpiredToken: lasting('the session token has expired: obtain new credentials'),
  ExpiredTokenException: lasting('the session token has expired: obtain new credentials'),
  InvalidToken: lasting('the session token is not valid: obtain new credentials'),
  TokenRefreshRequired: lasting('the session token must be refreshed: obtain new credentials'),
  CredentialsProviderError: lasting(
    'no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or run with a role (IRSA, EKS Pod Identity, instance profile)',
  ),
  RequestTimeTooSkewed: lasting('this machine’s clock is wrong: synchronise it'),
  PermanentRedirect: lasting('the bucket is in another region or at another endpoint: set both'),
  AuthorizationHeaderMalformed: lasting('the region is wrong: set the region of the bucket'),
  NotImplemented: lasting('the store does not support what was asked'),
  InvalidObjectState: lasting('the object is archived: restore it, or use another storage class'),
};

/** The HTTP status of an SDK error. */
export function statusOf(error: unknown): number | undefined {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}

/** S3's own name of an error. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** Whether the object, not its bucket, is missing. */
export function isMissingObject(error: unknown): boolean {
  return nameOf(error) === 'NoSuchKey' || (statusOf(error) === 404 && nameOf(error) === 'NotFound');
}

/** Whether a conditional write was refused because its condition does not hold. */
export function isFailedCondition(error: unknown): boolean {
  const status = statusOf(error);
  // 409: another conditional write was under way. 404: what If-Match names is gone.
  return (
    status === 412 ||
    (status === 409 && nameOf(error) !== 'InvalidBucketState') ||
    isMissingObject(error)
  );
}

/** What came back, in words for the operator. */
export function reasonOf(error: unknown): FailureReason {
  const name = nameOf(error);
  const known = REASONS[name];
  if (known !== undefined) return known;
  if (/region is missing/i.test(String(error))) {
    return lasting('no region is set: set AWS_REGION, or the region of the store');
  }
  const status = statusOf(error);
  if (status === undefined) return networkReason(error);
  const words = `${status} ${name}: ${firstLine(error)}`;
  if (status === 401) return lasting(`${words}: check the credentials`);
  if (status === 403) return lasting(`${words}: ${REASONS['AccessDenied']?.words}`);
  return status < 500 && status !== 429 && status !== 408 ? lasting(words) : passing(words);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
