import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './servers/certificate.ts';

/** Gives tokens for storage to whoever asks, as Microsoft Entra does to those it knows. */
export interface AzureAuthority {
  readonly url: string;
  /** The bodies of the requests for tokens. */
  readonly asked: readonly string[];
  readonly stop: () => void;
}

export async function startAzureAuthority(
  certificate: Certificate,
  tenant: string,
): Promise<AzureAuthority> {
  const [cert, key] = await Promise.all([
    readFile(certificate.certificate),
    readFile(certificate.key),
  ]);
  const asked: string[] = [];
  const server = createServer({ cert, key }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const base = `${url}/${tenant}`;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (request.method === 'POST') asked.push(body);
    const value =
      request.method === 'POST'
        ? { token_type: 'Bearer', expires_in: 3600, access_token: tokenOf(tenant) }
        : {
            issuer: `${base}/v2.0`,
            token_endpoint: `${base}/oauth2/v2.0/token`,
            authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
            jwks_uri: `${base}/discovery/v2.0/keys`,
          };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  server.on('request', (request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  return {
    url,
    asked,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What Azurite looks at: for whom, by whom, from when until when. Not who signed it. */
function tokenOf(tenant: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    aud: 'https://storage.azure.com',
    iss: `https://sts.windows.net/${tenant}/`,
    iat: now - 60,
    nbf: now - 60,
    exp: now + 3600,
  };
  return [{ typ: 'JWT', alg: 'RS256' }, claims, 'unsigned']
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
}
