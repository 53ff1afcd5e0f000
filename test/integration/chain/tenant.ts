import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';
import {
  deploymentEvent,
  type DeploymentEvent,
} from '../../../src/orchestrator/callback/deployment-event.ts';
import { MARKETPLACE_PATH, type AnnouncedRelease } from '../../support/marketplace.ts';
import { makeIssuedCertificate } from '../../support/servers/certificate.ts';
import { jwt } from '../../support/temporal/jwt.ts';

/** What both sides know. */
export const PAIR = { clientId: 'sdr-prod', clientSecret: 'marked-client-secret-71c4' } as const;
export const API_TOKEN = 'marked-api-token-9e02';

const TOKEN_PATH = '/auth/realms/default/protocol/openid-connect/token';
const CALLBACK_PATH = '/api/service/sdr/callback';

/** The vendor's side, as far as it is spoken to by https. */
export interface Tenant {
  readonly port: number;
  /** PEM file of the authority to trust. */
  readonly authority: string;
  /** What is served by TLS, the texts themselves. */
  readonly contents: { readonly certificate: string; readonly key: string };
  /** What the control plane was told, in order. */
  readonly events: readonly DeploymentEvent[];
  announce(release: AnnouncedRelease): void;
  /** Whether a token is one of those that were given for the deployment's pair. */
  isOurs(token: string | undefined): boolean;
  stop(): Promise<void>;
}

/** A tenant on loopback that gives tokens, announces releases and takes callbacks. */
export async function startTenant(folder: string, hosts: readonly string[]): Promise<Tenant> {
  const issued = await makeIssuedCertificate(folder, hosts);
  const releases: AnnouncedRelease[] = [];
  const events: DeploymentEvent[] = [];
  const tokens = new Set<string>();
  const isOurs = (token: string | undefined): boolean => token !== undefined && tokens.has(token);

  const token = async (request: IncomingMessage): Promise<Answer> => {
    const form = new URLSearchParams(await bodyOf(request));
    const isRight =
      form.get('client_id') === PAIR.clientId && form.get('client_secret') === PAIR.clientSecret;
    if (!isRight) return { status: 401, body: { error: 'unauthorized_client' } };
    const now = Math.floor(Date.now() / 1000);
    const value = jwt({ iat: now, exp: now + 900, jti: String(tokens.size) });
    tokens.add(value);
    return { status: 200, body: { access_token: value, expires_in: 900, token_type: 'Bearer' } };
  };
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const path = `${request.method} ${request.url}`;
    if (path === `POST ${TOKEN_PATH}`) return token(request);
    const bearer = request.headers.authorization?.replace(/^Bearer /, '');
    if (path === `GET ${MARKETPLACE_PATH}` && (bearer === API_TOKEN || isOurs(bearer))) {
      return { status: 200, body: { releases } };
    }
    if (path === `POST ${CALLBACK_PATH}` && isOurs(bearer)) {
      events.push(v.parse(deploymentEvent, JSON.parse(await bodyOf(request))));
      return { status: 204 };
    }
    return { status: 401, body: { detail: `not for you: ${path}` } };
  };

  const [certificate, key] = await Promise.all(
    [issued.certificate, issued.key].map(async (file) => readFile(file, 'utf8')),
  );
  const contents = { certificate: certificate ?? '', key: key ?? '' };
  const server = createServer(
    { cert: contents.certificate, key: contents.key },
    (request, response) => {
      void (async () => send(await answer(request), response))();
    },
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    authority: issued.authority,
    contents,
    events,
    announce: (release) => {
      // The newest of an app is what is announced.
      const older = releases.findIndex(({ app_name }) => app_name === release['app_name']);
      if (older >= 0) releases.splice(older, 1);
      releases.push(release);
    },
    isOurs,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

function send({ status, body }: Answer, response: ServerResponse): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  return (await request.map((chunk: Buffer) => chunk.toString()).toArray()).join('');
}
