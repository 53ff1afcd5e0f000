import { withoutUserInfo } from './secret.ts';

/**
 * Every failure the product reports on purpose. A class says what the operator must do; a code
 * says what happened. A message names what was tried, on what, what came back, and the next step; it
 * never carries the user and password of a URL.
 */
export abstract class MirrorError<Code extends string = string> extends Error {
  readonly code: Code;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;

  constructor(
    code: Code,
    message: string,
    options: { readonly retryable: boolean; readonly cause?: unknown },
  ) {
    super(
      withoutUserInfo(message),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable;
  }
}

/** One thing wrong with what the operator wrote. */
export interface ConfigIssue {
  /** What is wrong and how to mend it. */
  readonly message: string;
  /** Dotted path of the setting, for example `target.image`. */
  readonly path?: string;
  /** Where it stands; 1-based. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** The operator's input is wrong: mend it, then run again. Carries every problem at once. */
export class ConfigError extends MirrorError<'CONFIG_INVALID'> {
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[] | string, cause?: unknown) {
    const list = typeof issues === 'string' ? [{ message: issues }] : issues;
    super('CONFIG_INVALID', list.map(formatIssue).join('\n'), { retryable: false, cause });
    this.issues = list;
  }
}

function formatIssue(issue: ConfigIssue): string {
  const place = [issue.file, issue.line, issue.column].filter((part) => part !== undefined);
  const head = [place.join(':'), issue.path].filter((part) => part !== undefined && part !== '');
  return [...head, issue.message].join(': ');
}

export type RegistryErrorCode =
  | 'REGISTRY_UNAUTHORIZED'
  | 'REGISTRY_NOT_FOUND'
  | 'REGISTRY_RATE_LIMITED'
  | 'REGISTRY_UNAVAILABLE'
  | 'REGISTRY_REFUSED'
  | 'DIGEST_MISMATCH'
  | 'TARGET_CONFLICT';

/** Which end of a copy a registry is. */
export type Side = 'source' | 'target';

/** A registry did not do what was asked. */
export class RegistryError extends MirrorError<RegistryErrorCode> {
  readonly side: Side | undefined;
  /** HTTP status, where the registry answered. */
  readonly status: number | undefined;
  /** The registry's own code, such as `MANIFEST_BLOB_UNKNOWN`, where it named one. */
  readonly registryCode: string | undefined;

  constructor(
    code: RegistryErrorCode,
    message: string,
    options: {
      readonly side?: Side | undefined;
      readonly status?: number | undefined;
      readonly registryCode?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(code, message, {
      retryable: code === 'REGISTRY_RATE_LIMITED' || code === 'REGISTRY_UNAVAILABLE',
      cause: options.cause,
    });
    this.side = options.side;
    this.status = options.status;
    this.registryCode = options.registryCode;
  }
}

export type SignatureErrorCode =
  | 'SIGNATURE_MISSING'
  | 'SIGNATURE_INVALID'
  | 'SIGNER_UNTRUSTED'
  | 'TRUST_ROOT_UNAVAILABLE';

/** A verdict: this image may not enter the target registry. */
export class SignatureError extends MirrorError<SignatureErrorCode> {
  constructor(code: SignatureErrorCode, message: string, cause?: unknown) {
    super(code, message, {
      retryable: code === 'SIGNATURE_MISSING' || code === 'TRUST_ROOT_UNAVAILABLE',
      cause,
    });
  }
}

/** The list of releases could not be had. Never to be read as "no releases". */
export class ReleaseSourceError extends MirrorError<'RELEASES_UNAVAILABLE'> {
  constructor(
    message: string,
    options: { readonly retryable?: boolean; readonly cause?: unknown } = {},
  ) {
    super('RELEASES_UNAVAILABLE', message, {
      retryable: options.retryable ?? true,
      cause: options.cause,
    });
  }
}

export type MapStoreErrorCode = 'MAP_CONFLICT' | 'MAP_UNAVAILABLE' | 'MAP_INVALID';

/** The map could not be read, understood or replaced. What was stored is untouched. */
export class MapStoreError extends MirrorError<MapStoreErrorCode> {
  constructor(
    code: MapStoreErrorCode,
    message: string,
    cause?: unknown,
    /** `false` where only somebody's change helps: a missing bucket, a right not granted. */
    retryable: boolean = code !== 'MAP_INVALID',
  ) {
    super(code, message, { retryable, cause });
  }
}

export type EngineErrorCode =
  | 'ENGINE_UNREACHABLE'
  | 'ENGINE_REFUSED'
  /** Another container has that name: somebody else won. */
  | 'NAME_TAKEN'
  /** The container, image, network or file that was named is not there. */
  | 'NOT_FOUND'
  | 'CONTAINER_UNHEALTHY';

/** The container engine did not do what was asked. */
export class EngineError extends MirrorError<EngineErrorCode> {
  constructor(code: EngineErrorCode, message: string, cause?: unknown) {
    super(code, message, { retryable: code === 'ENGINE_UNREACHABLE', cause });
  }
}

export type ControlPlaneErrorCode =
  | 'TOKEN_REFUSED'
  | 'TOKEN_UNAVAILABLE'
  | 'TEMPORAL_REFUSED'
  | 'TEMPORAL_UNREACHABLE'
  | 'CALLBACK_REFUSED'
  | 'CALLBACK_UNAVAILABLE';

/** The vendor's control plane (its token service, its Temporal, its callback) did not do what was asked. */
export class ControlPlaneError extends MirrorError<ControlPlaneErrorCode> {
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(
    code: ControlPlaneErrorCode,
    message: string,
    options: { readonly status?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(code, message, { retryable: code !== 'CALLBACK_REFUSED', cause: options.cause });
    this.status = options.status;
  }
}

export type ReportErrorCode = 'REPORT_UNWRITABLE' | 'REPORT_UNDELIVERABLE';

/** A report or message about a run did not get where it should. The run itself is not touched. */
export class ReportError extends MirrorError<ReportErrorCode> {
  constructor(code: ReportErrorCode, message: string, cause?: unknown) {
    super(code, message, { retryable: true, cause });
  }
}

/** The text of anything thrown, for a message or a log line. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node joins several connection attempts (IPv6, IPv4) into one error with an empty message.
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(errorMessage).join('; ');
  }
  return error.message;
}
