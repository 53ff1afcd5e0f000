import { errorMessage, MirrorError, RegistryError, type Side } from '../errors.ts';
import { formatDuration } from '../measures.ts';
import { cloudRegistryOf } from './auth/cloud/cloud-registry.ts';
import { TokenRefusedError } from './auth/token-service.ts';
import type { Credential } from './credentials.ts';
import { parseErrorsBody } from './errors-body.ts';
import { ForbiddenAddressError } from './http/address-guard.ts';
import { TooLargeError } from './http/body.ts';
import type { Answer } from './http/exchange.ts';
import { PausedTooLongError } from './http/limits.ts';
import { HostGivenUpError } from './http/outages.ts';
import { rateLimitReason } from './http/rate-limit.ts';
import { RedirectError } from './http/redirects.ts';
import { ContentSizeError } from './http/pump.ts';
import { StalledError } from './http/stall.ts';
import { networkReason } from './network-reason.ts';
import { showable } from './redact.ts';

const MISSING_REPOSITORY: ReadonlySet<string> = new Set(['NAME_UNKNOWN', 'NOT_FOUND']);

/** What a request was for, as a message says it. */
export interface Purpose {
  readonly side: Side;
  /** Completes "could not …": `read the manifest of docker.io/acme/app:1.0`. */
  readonly what: string;
}

/** Where a request went and who asked. */
export interface Asked extends Purpose {
  /** As references name it. */
  readonly registry: string;
  readonly credential: Credential;
}

/** A refusal, in the operator's words. */
export function refusal(answer: Answer, asked: Asked): RegistryError {
  const { status } = answer;
  const { codes, text } = parseErrorsBody(answer.body);
  const said = text === '' ? '' : ` (${text})`;
  const options = { side: asked.side, status, registryCode: codes[0] };
  const head = `could not ${asked.what}: ${asked.registry} answered ${status}${said}`;
  if (rateLimitReason(status, answer.body) !== undefined) {
    return new RegistryError(
      'REGISTRY_RATE_LIMITED',
      `${head}; it limits requests. Run again later, or log in: accounts have a higher limit`,
      options,
    );
  }
  if (status === 401 || status === 403) {
    return new RegistryError(
      'REGISTRY_UNAUTHORIZED',
      `${head}. ${credentialAdvice(asked, status)}`,
      options,
    );
  }
  if (status === 404) {
    const advice = MISSING_REPOSITORY.has(codes[0] ?? '')
      ? `. ${missingRepositoryAdvice(asked)}`
      : '';
    return new RegistryError('REGISTRY_NOT_FOUND', `${head}${advice}`, options);
  }
  if (status >= 500) {
    return new RegistryError('REGISTRY_UNAVAILABLE', `${head}; run again later`, options);
  }
  const where = status >= 300 && status < 400 ? redirectAdvice(answer) : '';
  return new RegistryError('REGISTRY_REFUSED', `${head}${where}`, options);
}

/**
 * A failure below the API, in the operator's words. Abandonment, bugs, and errors that already say
 * what to do pass through.
 */
export function failure(error: unknown, asked: Asked, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return signal.reason;
  const { side } = asked;
  const head = `could not ${asked.what}: `;
  if (error instanceof RegistryError && error.side === undefined) {
    // Signing in knows neither what for nor at which side.
    const { status, registryCode } = error;
    const options = { side, status, registryCode, cause: error };
    return new RegistryError(error.code, `${head}${error.message}`, options);
  }
  if (error instanceof MirrorError) return error;
  if (error instanceof TokenRefusedError) {
    const translated = refusal(error.answer, asked);
    const code = error.answer.status === 200 ? 'REGISTRY_REFUSED' : translated.code;
    const said = parseErrorsBody(error.answer.body).text;
    const advice = code === 'REGISTRY_UNAUTHORIZED' ? `. ${credentialAdvice(asked, 401)}` : '';
    const message = `${head}${error.message} for ${asked.registry}${said === '' ? '' : ` (${said})`}${advice}`;
    return new RegistryError(code, message, { side, status: error.answer.status, cause: error });
  }
  if (error instanceof PausedTooLongError) {
    const message = `${head}${error.message}; run again after that`;
    return new RegistryError('REGISTRY_RATE_LIMITED', message, { side, cause: error });
  }
  if (error instanceof HostGivenUpError) {
    const cause = showable(error.cause);
    const last =
      cause instanceof StalledError ? cause.message : (networkReason(cause) ?? errorMessage(cause));
    const message = `${head}${error.message}: every request to it has failed for ${formatDuration(error.silentMs)}; the last time ${last}. Run again once it answers`;
    return new RegistryError('REGISTRY_UNAVAILABLE', message, { side, cause: error });
  }
  if (error instanceof ContentSizeError) {
    const message = `${head}${error.message}; nothing was finished`;
    return new RegistryError('DIGEST_MISMATCH', message, { side, cause: error });
  }
  if (
    error instanceof RedirectError ||
    error instanceof ForbiddenAddressError ||
    error instanceof TooLargeError
  ) {
    const message = `${head}${error.message}`;
    return new RegistryError('REGISTRY_REFUSED', message, { side, cause: error });
  }
  const cause = showable(error);
  const reason = networkReason(cause);
  // A bug must not pass for a registry that is down.
  if (reason === undefined) return cause;
  const message = `${head}${asked.registry}: ${reason}`;
  return new RegistryError('REGISTRY_UNAVAILABLE', message, { side, cause });
}

/** Only the host: what follows may be signed. */
function redirectAdvice({ headers, url }: Answer): string {
  const host = URL.parse(headers.location ?? '', url.href)?.host;
  return host === undefined ? '' : `, which leads to ${host}; name that host instead`;
}

function credentialAdvice({ credential, registry }: Asked, status: number): string {
  if (credential.kind === 'anonymous') {
    // Docker Hub and others answer the same for a private repository and for none at all.
    return (
      `Asked without credentials (${credential.origin}). If the repository exists, name credentials under registries: ` +
      `"${registry}" in the configuration, or run: docker login ${registry}`
    );
  }
  const who = credential.kind === 'basic' ? `user ${credential.username}` : `a ${credential.kind}`;
  const next =
    status === 403
      ? 'check its rights in this repository'
      : 'check that they are right and current';
  return `Asked as ${who}, from ${credential.origin}; ${next}`;
}

function missingRepositoryAdvice({ side, registry }: Asked): string {
  if (side === 'target' && cloudRegistryOf(registry)?.cloud === 'amazon') {
    return `ECR does not create repositories by itself: create it there, or set createRepositories: true for ${registry} under registries:`;
  }
  return side === 'target'
    ? `If ${registry} does not create repositories or projects by itself (ECR, Harbor), create it there first`
    : 'Check the name of the repository';
}
