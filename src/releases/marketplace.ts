import { Agent } from 'node:https';
import got from 'got';
import { ReleaseSourceError } from '../errors.ts';
import { silentLogger, type Logger } from '../log.ts';
import type { Options } from '../options.ts';
import type { Secret } from '../secret.ts';
import { explainFailure, explainResponse, type Answer } from './marketplace-errors.ts';
import { parseReleases } from './parse-releases.ts';
import type { ReleaseList, ReleaseSource } from './release-source.ts';
import { parseReleasesUrl } from './releases-url.ts';

export interface MarketplaceOptions {
  /** The tenant: `https://acme.atlan.com`; see {@link parseReleasesUrl} for what is allowed. */
  readonly url: string;
  /** An API token of the tenant. Sent to `url` and to no other origin. */
  readonly token: Secret;
  /** Registry of announced references that name none. */
  readonly defaultRegistry?: string;
  /** Where `HTTPS_PROXY` and `NO_PROXY` are read. */
  readonly env?: NodeJS.ProcessEnv;
  readonly logger?: Logger;
  readonly limits?: Partial<MarketplaceLimits>;
}

export interface MarketplaceLimits {
  /** Tries after the first, for failures that pass by themselves. */
  readonly retries: number;
  /** Longest pause before a try; doubles from 1 s up to it. */
  readonly maxBackoffMs: number;
  /** Longest `Retry-After` that is waited for; a longer one fails the run. */
  readonly maxRetryAfterMs: number;
  /** One try, from the first packet to the last. */
  readonly timeoutMs: number;
  /** Size of an answer, decompressed. */
  readonly maxBytes: number;
}

const DEFAULT_LIMITS: MarketplaceLimits = {
  retries: 4,
  maxBackoffMs: 16_000,
  maxRetryAfterMs: 120_000,
  timeoutMs: 60_000,
  maxBytes: 32 * 1024 * 1024,
};

// ENOTFOUND is not among them: a name that does not exist will not exist a second later.
const RETRIED_ERRORS = ['ETIMEDOUT', 'ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'EAI_AGAIN'];
const RETRIED_STATUS = [408, 429, 500, 502, 503, 504];

/**
 * Releases from the tenant's marketplace.
 *
 * @throws ConfigError `url` is not one that a token may be sent to
 */
export function createMarketplaceSource(options: MarketplaceOptions): ReleaseSource {
  const { token, defaultRegistry, env = process.env, logger = silentLogger } = options;
  const url = parseReleasesUrl(options.url);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const location = url.href;

  return {
    location,
    async latest({ signal }: Options = {}): Promise<ReleaseList> {
      signal?.throwIfAborted();
      const answer = await get({ url, token, env, logger, limits, signal });
      return parseReleases(explainResponse(answer, { url, token }), { location, defaultRegistry });
    },
  };
}

interface GetOptions {
  readonly url: URL;
  readonly token: Secret;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  readonly limits: MarketplaceLimits;
  readonly signal: AbortSignal | undefined;
}

async function get(options: GetOptions): Promise<Answer> {
  const { url, token, env, logger, limits, signal } = options;
  const tooLarge = new AbortController();
  const request = got(url, {
    headers: {
      authorization: `Bearer ${token.reveal()}`,
      accept: 'application/json',
      'user-agent': 'sdr-mirror',
    },
    agent: { https: proxyAgent(env) },
    signal: signal === undefined ? tooLarge.signal : AbortSignal.any([signal, tooLarge.signal]),
    timeout: { connect: Math.min(10_000, limits.timeoutMs), request: limits.timeoutMs },
    throwHttpErrors: true,
    maxRedirects: 3,
    // The token goes nowhere else; where the answer points to is for the operator to judge.
    followRedirect: ({ headers }) =>
      URL.parse(headers.location ?? '', url.href)?.origin === url.origin,
    retry: {
      limit: limits.retries,
      methods: ['GET'],
      statusCodes: RETRIED_STATUS,
      errorCodes: RETRIED_ERRORS,
      backoffLimit: limits.maxBackoffMs,
      maxRetryAfter: limits.maxRetryAfterMs,
    },
    hooks: {
      beforeRetry: [
        (error, attempt) => {
          logger.warn('the list of releases is not to be had yet; asking again', {
            url: url.href,
            status: error.response?.statusCode,
            error: error.code,
            attempt,
          });
        },
      ],
    },
  });
  // Hands back the promise that is awaited below.
  void request.on('downloadProgress', ({ transferred }) => {
    if (transferred > limits.maxBytes) tooLarge.abort();
  });
  try {
    const { statusCode, headers, body } = await request;
    return { status: statusCode, headers, body };
  } catch (error) {
    signal?.throwIfAborted();
    if (tooLarge.signal.aborted) {
      throw new ReleaseSourceError(
        `${url.href} answered with more than ${limits.maxBytes} bytes, which is no list of releases. Check releases.url.`,
        { retryable: false },
      );
    }
    return explainFailure(error, { url, env, limits });
  }
}

/** Node's own proxy support (22.21 and later); the types of the oldest Node here lack it. */
function proxyAgent(env: NodeJS.ProcessEnv): Agent {
  const options: ConstructorParameters<typeof Agent>[0] & { readonly proxyEnv: NodeJS.ProcessEnv } =
    { proxyEnv: env };
  return new Agent(options);
}
