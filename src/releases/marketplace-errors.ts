import type { IncomingHttpHeaders } from 'node:http';
import { RequestError, TimeoutError } from 'got';
import { ReleaseSourceError } from '../errors.ts';
import { quote } from '../quote.ts';
import { conceal } from '../conceal.ts';
import type { Secret } from '../secret.ts';
import { describeError, findErrorEnvelope } from './error-envelope.ts';
import { nextStep } from './next-step.ts';

const LASTING =
  'The next run asks again; if this lasts, look for what changes answers between here and there, a proxy or gateway.';

/** What came back, whatever it was. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * Takes the JSON body out of an answer that has one.
 *
 * @throws ReleaseSourceError in words the operator can act on
 */
export function explainResponse(
  answer: Answer,
  { url, token }: { readonly url: URL; readonly token: Secret },
): unknown {
  // A service may repeat the token it refuses.
  const body = conceal(answer.body, [token.reveal()]);
  const { status, headers } = answer;
  if (status >= 300 && status < 400) throw redirected(answer, url);
  if (status !== 200) throw refused(status, headers, body, url);
  const json = parseJson(body);
  if (json !== undefined) return json.value;
  if (isHtml(headers, body)) {
    throw new ReleaseSourceError(
      `${url.href} answered with a web page where JSON was expected, as sign-in pages and proxies do. Check that releases.url is the tenant's address, and that nothing between here and there asks people to sign in.`,
      { retryable: false },
    );
  }
  throw new ReleaseSourceError(
    body.trim() === ''
      ? `${url.href} answered 200 with an empty body where JSON was expected. ${LASTING}`
      : `${url.href} answered 200 with something that is not JSON: ${quote(body.trim(), 120)}. ${LASTING}`,
  );
}

/**
 * Turns a request's failure into the answer it carries, if it carries one.
 *
 * @throws ReleaseSourceError for a failure without an answer
 */
export function explainFailure(
  error: unknown,
  context: {
    readonly url: URL;
    readonly env: NodeJS.ProcessEnv;
    readonly limits: { readonly timeoutMs: number };
  },
): Answer {
  if (!(error instanceof RequestError)) throw error;
  const { response } = error;
  if (response !== undefined && typeof response.body === 'string') {
    return { status: response.statusCode, headers: response.headers, body: response.body };
  }
  const { url, env, limits } = context;
  const proxy = env['https_proxy'] ?? env['HTTPS_PROXY'];
  const by = proxy === undefined || proxy === '' ? '' : ' (HTTPS_PROXY is set)';
  // Not the request's error itself: it carries the request, and that the token.
  const cause = Object.assign(new Error(shown(error)), { code: error.code });
  throw new ReleaseSourceError(
    `The list of releases could not be had from ${url.href}${by}: ${reason(error, url, limits.timeoutMs)}`,
    { retryable: !isCertificateError(error.code), cause },
  );
}

function reason(error: RequestError, { hostname }: URL, timeoutMs: number): string {
  if (error instanceof TimeoutError) {
    return `no complete answer within ${timeoutMs / 1000} s (${error.event}). Check the network between, a firewall, and HTTPS_PROXY.`;
  }
  if (error.code === 'ENOTFOUND') {
    return `DNS knows no host ${hostname}. Check the tenant's name in releases.url.`;
  }
  if (error.code === 'EAI_AGAIN') {
    return `DNS could not be asked for ${hostname}. Check the network and its name servers.`;
  }
  if (isCertificateError(error.code)) {
    return `the server's certificate is not trusted (${shown(error)}). If a proxy inspects TLS here, name its authority in NODE_EXTRA_CA_CERTS.`;
  }
  return `${error.message === '' ? error.code : shown(error)}. Check releases.url, the network between, a firewall, and HTTPS_PROXY.`;
}

/** Node 22 names the proxy in full when it makes no tunnel, user and password included. */
function shown({ message }: RequestError): string {
  return message.replaceAll(/(?<=:\/\/)[^\s/]*@/g, '');
}

function redirected({ status, headers }: Answer, url: URL): ReleaseSourceError {
  const target = URL.parse(headers.location ?? '', url.href);
  const to = target === null ? 'nowhere' : quote(`${target.origin}${target.pathname}`);
  return new ReleaseSourceError(
    `${url.href} answered ${status} and sends to ${to}. The token is not sent to another address: if that is the tenant's, write it into releases.url; if it is a sign-in page, this address is not the API's.`,
    { retryable: false },
  );
}

function refused(
  status: number,
  headers: IncomingHttpHeaders,
  body: string,
  url: URL,
): ReleaseSourceError {
  const json = parseJson(body)?.value;
  const within = findErrorEnvelope(json)?.status;
  const wrapped = within === undefined || within === status ? '' : ` (${within} within)`;
  const words = isHtml(headers, body) ? undefined : (describeError(json) ?? rawWords(body));
  const said = words === undefined ? '' : `, saying ${words}`;
  const wait = headers['retry-after'];
  return new ReleaseSourceError(
    `${url.href} answered ${status}${wrapped}${said}. ${nextStep(status, wait)}`,
    { retryable: status === 408 || status === 429 || status >= 500 },
  );
}

function rawWords(body: string): string | undefined {
  return body.trim() === '' ? undefined : quote(body.trim(), 200);
}

function parseJson(body: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(body) };
  } catch {
    // Not JSON; the caller says what it is instead.
    return undefined;
  }
}

function isHtml(headers: IncomingHttpHeaders, body: string): boolean {
  return (headers['content-type'] ?? '').includes('html') || /^\s*<(?:!doctype|html)/i.test(body);
}

// OpenSSL's verification results as Node names them.
function isCertificateError(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_SSL_|^EPROTO$/.test(code);
}
