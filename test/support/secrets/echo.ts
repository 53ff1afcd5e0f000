import type { Heard, Reply, WitnessAnswer } from './witness.ts';

/** How a service words what it says. */
export type Wording = 'json' | 's3' | 'text';

/**
 * A service that repeats the secrets it was sent, in every encoding it can think of, as services do
 * that are being debugged, and gateways that show the request they refuse.
 */
export function echo(status: number, wording: Wording = 'json'): (request: Heard) => WitnessAnswer {
  return (request) => {
    const words = secretsIn(request).flatMap(spellings).join(' ');
    // A refusal that asks for a password, as one of a registry has to.
    const headers = { 'www-authenticate': 'Basic realm="echo"' };
    return { status, headers, body: BODIES[wording](words) };
  };
}

/** An echo to whoever sends a secret; everything else is left to the server. */
export function echoSecrets(status: number, wording?: Wording): Reply {
  const answer = echo(status, wording);
  return (request) => (secretsIn(request).length === 0 ? undefined : answer(request));
}

const BODIES: Readonly<Record<Wording, (words: string) => string>> = {
  json: (message) =>
    JSON.stringify({
      errors: [{ code: 'DENIED', message, detail: message }],
      error: { message, status: message },
      error_description: message,
      message,
      detail: message,
    }),
  s3: (message) =>
    `<?xml version="1.0"?><Error><Code>Teapot</Code><Message>${escaped(message)}</Message></Error>`,
  text: (message) => message,
};

/** What of a request is secret: credentials of headers, values of the query and of forms. */
function secretsIn({ url, headers, body }: Heard): readonly string[] {
  const authorization = [headers.authorization, headers['proxy-authorization']].flatMap(
    (header = '') => {
      const [scheme = '', credential = ''] = header.split(' ', 2);
      if (scheme !== 'Basic') return credential;
      const pair = Buffer.from(credential, 'base64').toString();
      return [pair.slice(pair.indexOf(':') + 1), pair, credential];
    },
  );
  const form = String(headers['content-type']).includes('form-urlencoded') ? String(body) : '';
  const [, query = ''] = url.split('?');
  return [
    ...authorization,
    String(headers['x-amz-security-token'] ?? ''),
    ...new URLSearchParams(`${query}&${form}`).values(),
  ].filter((text) => text.includes('zq') || text.length > 40);
}

function spellings(secret: string): readonly string[] {
  return [
    secret,
    Buffer.from(`u:${secret}`).toString('base64'),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64'),
  ];
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
