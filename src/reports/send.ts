import { Agent as HttpsAgent } from 'node:https';
import got, { RequestError } from 'got';
import { ReportError } from '../errors.ts';
import type { Options } from '../options.ts';
import { Agents, type Environment } from '../registry/http/agents.ts';
import type { Secret } from '../secret.ts';
import { parsePostUrl } from './addresses.ts';

/** Something to be posted to an address that is a secret. */
export interface Parcel {
  /** The receiver in words: `the webhook of notify.webhook`. Stands in messages in place of the URL. */
  readonly to: string;
  readonly url: Secret;
  readonly contentType: string;
  readonly body: string;
  /** What to look at when the receiver refuses it. */
  readonly hint: string;
}

export interface SendOptions extends Options {
  /** Where `HTTPS_PROXY` and `NO_PROXY` are read. */
  readonly env: Environment;
  readonly limits?: Partial<SendLimits>;
}

export interface SendLimits {
  /** Tries after the first. */
  readonly retries: number;
  /** Longest pause before a try, whatever the receiver asks for. */
  readonly maxPauseMs: number;
  /** One try. */
  readonly timeoutMs: number;
}

const LIMITS: SendLimits = { retries: 2, maxPauseMs: 5000, timeoutMs: 10_000 };

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'DNS knows no such host',
  EAI_AGAIN: 'its name could not be resolved just now',
  ECONNREFUSED: 'nothing listens at that address',
  ECONNRESET: 'the connection was cut',
  ETIMEDOUT: 'no answer in time',
};

/**
 * Posts once, and again where the failure may pass. Redirects are not followed: the address is where
 * this is meant to go. Neither the address nor what came back is ever shown: the one is a secret, the
 * other may repeat it.
 *
 * @throws ReportError `REPORT_UNDELIVERABLE`
 */
export async function send(parcel: Parcel, { env, signal, limits }: SendOptions): Promise<void> {
  const { to, contentType, body, hint } = parcel;
  const { retries, maxPauseMs, timeoutMs } = { ...LIMITS, ...limits };
  const { url, authorization } = withoutUser(parsePostUrl(parcel.url.reveal()));
  const agents = new Agents({ env });
  const agent = agents.for(url, undefined, false);
  try {
    const { statusCode } = await got.post(url, {
      headers: {
        'content-type': contentType,
        'user-agent': 'sdr-mirror',
        ...(authorization === undefined ? {} : { authorization }),
      },
      body,
      agent: agent instanceof HttpsAgent ? { https: agent } : { http: agent },
      ...(signal === undefined ? {} : { signal }),
      timeout: { request: timeoutMs },
      followRedirect: false,
      throwHttpErrors: true,
      retry: {
        limit: retries,
        methods: ['POST'],
        statusCodes: [408, 429, 500, 502, 503, 504],
        backoffLimit: maxPauseMs,
        maxRetryAfter: maxPauseMs,
      },
    });
    if (statusCode >= 300) throw refused(to, statusCode, hint);
  } catch (error) {
    if (error instanceof ReportError) throw error;
    const status = error instanceof RequestError ? error.response?.statusCode : undefined;
    if (status !== undefined) throw refused(to, status, hint);
    if (signal?.aborted === true) throw undeliverable(to, 'there was no time left for it');
    throw undeliverable(to, reasonOf(error));
  } finally {
    agents.destroy();
  }
}

/**
 * Finds out whether anybody answers at the host of an address. Any answer will do: only a message
 * would show whether messages are taken.
 *
 * @throws ReportError `REPORT_UNDELIVERABLE`
 */
export async function reach(
  { to, url: address }: Pick<Parcel, 'to' | 'url'>,
  { env, signal, limits }: SendOptions,
): Promise<void> {
  const url = new URL(parsePostUrl(address.reveal()).origin);
  const agents = new Agents({ env });
  const agent = agents.for(url, undefined, false);
  try {
    await got.head(url, {
      headers: { 'user-agent': 'sdr-mirror' },
      agent: agent instanceof HttpsAgent ? { https: agent } : { http: agent },
      ...(signal === undefined ? {} : { signal }),
      timeout: { request: limits?.timeoutMs ?? LIMITS.timeoutMs },
      followRedirect: false,
      throwHttpErrors: false,
      retry: { limit: 0 },
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw undeliverable(to, reasonOf(error));
  } finally {
    agents.destroy();
  }
}

function refused(to: string, status: number, hint: string): ReportError {
  const next =
    status >= 500 || status === 408 || status === 429 ? 'The next run tries again.' : hint;
  return new ReportError('REPORT_UNDELIVERABLE', `${to} answered ${status}. ${next}`);
}

function reasonOf(error: unknown): string {
  const code = error instanceof RequestError ? error.code : '';
  return REASONS[code] ?? `the connection failed (${code})`;
}

/** No cause: errors of requests carry their URL. */
function undeliverable(to: string, why: string): ReportError {
  return new ReportError('REPORT_UNDELIVERABLE', `${to} was not reached: ${why}.`);
}

/** User and password go into a header: a URL with them is printed by whoever prints URLs. */
function withoutUser(url: URL): { readonly url: URL; readonly authorization?: string } {
  if (url.username === '' && url.password === '') return { url };
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return { url: bare, authorization: `Basic ${Buffer.from(user).toString('base64')}` };
}
