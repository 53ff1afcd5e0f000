import { conceal } from '../conceal.ts';
import { withoutUserInfo } from '../secret.ts';

/**
 * An error that can be shown: itself, or its likeness without the password of a proxy, which Node
 * 22 names in full when it makes no tunnel.
 */
export function showable(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const message = withoutUserInfo(error.message);
  if (message === error.message) return error;
  const { code } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

/** What a request said that nobody else is to read. */
export interface SentRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** Where it went in the end. */
  readonly url: URL;
  readonly body?: unknown;
}

/** Parameters of the Distribution API and of token services; every other may be a signature. */
const PLAIN_PARAMETERS: ReadonlySet<string> = new Set([
  'account',
  'artifactType',
  'digest',
  'from',
  'last',
  'mount',
  'n',
  'scope',
  'service',
]);

/**
 * The body of a refusal without the secrets of the request it answers: gateways and services that
 * are being debugged repeat what they were sent, and bodies of refusals are shown to people.
 */
export function withoutSent(body: Buffer, sent: SentRequest): Buffer {
  const text = body.toString('utf8');
  const cleaned = conceal(text, secretsOf(sent));
  return cleaned === text ? body : Buffer.from(cleaned, 'utf8');
}

function secretsOf({ headers, url, body }: SentRequest): readonly string[] {
  const [scheme = '', credential = ''] = (headers['authorization'] ?? '').split(' ', 2);
  const userAndPassword =
    scheme === 'Basic' ? Buffer.from(credential, 'base64').toString('utf8') : '';
  return [
    credential.replace(/=+$/, ''),
    userAndPassword.slice(userAndPassword.indexOf(':') + 1),
    ...[...url.searchParams].flatMap(([name, value]) => (PLAIN_PARAMETERS.has(name) ? [] : value)),
    ...(isForm(headers) && Buffer.isBuffer(body)
      ? [new URLSearchParams(body.toString('utf8')).get('refresh_token') ?? '']
      : []),
  ];
}

function isForm(headers: SentRequest['headers']): boolean {
  return headers['content-type'] === 'application/x-www-form-urlencoded';
}
