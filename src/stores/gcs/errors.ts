import { type FailureReason, lasting, networkReason, passing } from '../failure.ts';

/** The HTTP status of an SDK error. */
export function statusOf(error: unknown): number | undefined {
  // The storage client says "code", the authentication client "status".
  const { code, status } = error as { readonly code?: unknown; readonly status?: unknown };
  if (typeof status === 'number') return status;
  return typeof code === 'number' ? code : undefined;
}

/** Whether asking again may help. */
export function mayPass(error: unknown): boolean {
  return reasonOf(error).isRetryable;
}

/** What came back, in words for the operator. */
export function reasonOf(error: unknown): FailureReason {
  const message = messageOf(error);
  if (/default credentials/i.test(message)) {
    return lasting(
      'no credentials were found: run with workload identity, set GOOGLE_APPLICATION_CREDENTIALS, or log in with "gcloud auth application-default login"',
    );
  }
  if (/invalid_grant|invalid_client|unauthorized_client|invalid_target/i.test(message)) {
    return lasting(
      `the credentials were refused (${message}): check the service account's key and this machine’s clock`,
    );
  }
  const status = statusOf(error);
  if (status === undefined) return networkReason(error);
  const words = `${status}: ${message}`;
  switch (status) {
    case 401:
      return lasting(`${words}: check the credentials and this machine’s clock`);
    case 403:
      return lasting(
        `${words}: the identity needs storage.objects.get, .create, .delete and .list, which the role "Storage Object User" holds; .delete is needed to replace an object, and without .list a missing map looks like a forbidden one`,
      );
    case 404:
      return lasting('the bucket does not exist: create it, or correct the location');
    default:
      return status < 500 && status !== 429 && status !== 408 ? lasting(words) : passing(words);
  }
}

function messageOf(error: unknown): string {
  const { response } = error as { readonly response?: { readonly data?: unknown } };
  const own = error instanceof Error ? error.message : String(error);
  return (saidIn(response?.data) ?? own).split('\n')[0] ?? '';
}

/** What the answer to a download says; the client's own message is but its status. */
function saidIn(data: unknown): string | undefined {
  if (typeof data === 'string' && data !== '') return data;
  const { error } = (data ?? {}) as { readonly error?: { readonly message?: unknown } };
  return typeof error?.message === 'string' ? error.message : undefined;
}
