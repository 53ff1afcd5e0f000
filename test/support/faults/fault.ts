/** Who is asked through a fault proxy. */
export type Role = 'source' | 'target' | 'token' | 'releases' | 'map';

/** A request, as faults are keyed by it. */
export interface FaultyRequest {
  readonly role: Role;
  readonly method: string;
  /** With digests, sessions and whatever else differs between two runs replaced by what they are. */
  readonly path: string;
  /** How many requests there were of this role, method and path, this one included. */
  readonly occurrence: number;
}

/** What happens to a request or its answer. Fractions are of the bytes there are. */
export type Fault =
  | { readonly kind: 'latency'; readonly ms: number }
  /** The answer comes in pieces. */
  | { readonly kind: 'dribble'; readonly pieces: number }
  | {
      readonly kind: 'reset';
      /** `request`: the server has heard this part of the body; `reply`: the client of the answer. */
      readonly at: 'request' | 'reply';
      readonly fraction: number;
      /** With RST instead of FIN. */
      readonly abrupt: boolean;
    }
  /** The answer has fewer bytes, and says so. */
  | { readonly kind: 'truncate'; readonly fraction: number }
  /** One bit of a body is flipped. */
  | { readonly kind: 'corrupt'; readonly at: 'request' | 'reply'; readonly fraction: number }
  | { readonly kind: 'limit'; readonly shape: LimitShape; readonly retryAfter: RetryAfter }
  | {
      readonly kind: 'error';
      readonly status: 500 | 502 | 503 | 504;
      /** The server has carried it out. */
      readonly after: boolean;
      readonly retryAfter: RetryAfter;
    }
  /** Every token there is counts no longer. */
  | { readonly kind: 'expire' }
  /** Nobody ever says anything more: before the effect, after it, or in the middle of the answer. */
  | { readonly kind: 'stall'; readonly when: 'before' | 'after' | 'middle' }
  /** `same` host, `other` host that is configured, one that is not (`trap`), or round in a `circle`. */
  | { readonly kind: 'redirect'; readonly to: 'same' | 'other' | 'trap' | 'circle' };

/** The name of a host leads nowhere, for once. */
export interface NameFault {
  readonly kind: 'dns';
  readonly code: 'ENOTFOUND' | 'EAI_AGAIN';
}

/** Somebody removes an image at the target as soon as it was … */
export interface Removal {
  readonly kind: 'removal';
  /** … written under its tag, or shown under it after that. */
  readonly when: 'written' | 'shown';
}

export type FaultKind = (Fault | NameFault)['kind'];

/** 429 as it should be, as `TOOMANYREQUESTS` under another status, and as somebody's page. */
export type LimitShape = 'status' | 'code' | 'page';

export type RetryAfter =
  | 'absent'
  | 'empty'
  | 'seconds'
  | 'zero'
  | 'fraction'
  | 'negative'
  | 'words'
  | 'date'
  | 'past date'
  | 'unix seconds'
  | 'unix milliseconds'
  | 'a day';

export const RETRY_AFTER: readonly [RetryAfter, ...RetryAfter[]] = [
  'absent',
  'empty',
  'seconds',
  'zero',
  'fraction',
  'negative',
  'words',
  'date',
  'past date',
  'unix seconds',
  'unix milliseconds',
];

const HEADERS: Readonly<Record<RetryAfter, (now: number) => string | undefined>> = {
  absent: () => undefined,
  empty: () => '',
  seconds: () => '2',
  zero: () => '0',
  fraction: () => '0.5',
  negative: () => '-5',
  words: () => 'soon',
  date: (now) => new Date(now + 2000).toUTCString(),
  'past date': (now) => new Date(now - 60_000).toUTCString(),
  'unix seconds': (now) => String(Math.ceil((now + 2000) / 1000)),
  'unix milliseconds': (now) => String(Math.ceil(now + 2000)),
  'a day': () => '86400',
};

/** The header's value; `undefined` where there is none. */
export function retryAfterHeader(form: RetryAfter, now: number): string | undefined {
  return HEADERS[form](now);
}
