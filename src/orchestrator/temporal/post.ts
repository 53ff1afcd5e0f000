import { Agent as HttpsAgent } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import got, { RequestError } from 'got';
import { errorMessage } from '../../errors.ts';
import type { Options } from '../../options.ts';
import { escapeUnprintable } from '../../quote.ts';
import { Agents, type Environment } from '../../registry/http/agents.ts';

/** How requests leave this machine for the control plane. */
export interface Outbound {
  /** Where `HTTPS_PROXY` and `NO_PROXY` are read. */
  readonly env: Environment;
  /** Certificate authorities in PEM, trusted besides the usual ones. */
  readonly ca?: string | undefined;
  /** One request, from the first packet to the last. */
  readonly timeoutMs?: number | undefined;
}

/** What came back, whatever it was. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** There was no answer. `message` says why and what to look at; it names neither headers nor body. */
export class NoAnswerError extends Error {}

const TIMEOUT_MS = 30_000;
// Tokens and receipts are small; whatever is larger is no answer to our question.
const MAX_BYTES = 1024 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'DNS knows no such host; check the tenant in atlan.domain',
  EAI_AGAIN: 'its name could not be resolved just now; check DNS',
  ECONNREFUSED: 'nothing listens at that address',
  ECONNRESET: 'the connection was cut',
  ETIMEDOUT: 'no complete answer in time; check the network, a firewall, or HTTPS_PROXY',
  ERR_PROXY_TUNNEL: 'the proxy of HTTPS_PROXY does not let it through',
};
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_SSL_|^EPROTO$/;

/**
 * Sends one POST, once: who calls knows when to ask again. Redirects are not followed, as what is
 * sent is for this address alone.
 *
 * @throws NoAnswerError
 */
export async function post(
  url: URL,
  request: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  { env, ca, timeoutMs = TIMEOUT_MS }: Outbound,
  { signal }: Options = {},
): Promise<Answer> {
  signal?.throwIfAborted();
  const agents = new Agents({ env });
  const tooLarge = new AbortController();
  const agent = agents.for(url, ca === undefined ? undefined : { ca }, false);
  try {
    const asked = got.post(url, {
      ...request,
      headers: { accept: 'application/json', 'user-agent': 'sdr-orchestrator', ...request.headers },
      agent: agent instanceof HttpsAgent ? { https: agent } : { http: agent },
      signal: signal === undefined ? tooLarge.signal : AbortSignal.any([signal, tooLarge.signal]),
      timeout: { request: timeoutMs },
      throwHttpErrors: false,
      followRedirect: false,
      retry: { limit: 0 },
    });
    // Hands back the promise that is awaited below.
    void asked.on('downloadProgress', ({ transferred }) => {
      if (transferred > MAX_BYTES) tooLarge.abort();
    });
    const { statusCode, headers, body } = await asked;
    return { status: statusCode, headers, body };
  } catch (error) {
    signal?.throwIfAborted();
    if (tooLarge.signal.aborted) {
      throw new NoAnswerError(`it answered with more than ${MAX_BYTES} bytes`);
    }
    if (!(error instanceof RequestError)) throw error;
    // Without the request's error as cause: it carries the request, and that the secret.
    throw new NoAnswerError(reason(error));
  } finally {
    agents.destroy();
  }
}

function reason(error: RequestError): string {
  const { code } = error;
  const known = REASONS[code];
  if (known !== undefined) return `${known} (${code})`;
  if (CERTIFICATE.test(code)) {
    return `its TLS certificate is not trusted (${code}). If a proxy inspects TLS here, name its authority in NODE_EXTRA_CA_CERTS`;
  }
  // Node 22 names the proxy in full when it makes no tunnel, user and password included.
  return escapeUnprintable(errorMessage(error).replaceAll(/(?<=:\/\/)[^\s/]*@/g, ''));
}
