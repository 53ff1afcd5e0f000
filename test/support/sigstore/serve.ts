import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json as readJson } from 'node:stream/consumers';
import { toPem } from './der.ts';
import type { TestIdentity } from './identities.ts';
import type { PrivateSigstore } from './private-sigstore.ts';
import { canonical, sha256, type LogBody } from './transparency-log.ts';

/** Fulcio and Rekor over http on the loopback interface, for the real Cosign to talk to. */
export interface SigstoreServer {
  readonly url: string;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A token that our Fulcio believes, as anybody could write it. */
export function identityToken(identity: TestIdentity): string {
  const claims = {
    iss: identity.issuer,
    sub: identity.subject,
    aud: 'sigstore',
    exp: Math.floor(Date.now() / 1000) + 600,
    extensions: identity.extensions,
  };
  return [{ alg: 'RS256', typ: 'JWT' }, claims, {}].map(tokenPart).join('.');
}

export async function serveSigstore(sigstore: PrivateSigstore): Promise<SigstoreServer> {
  const server = createServer((request, response) => {
    void respond(sigstore, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function respond(
  sigstore: PrivateSigstore,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, type, body, headers } = await answer(sigstore, request);
  response.writeHead(status, { 'content-type': type, ...headers }).end(body);
}

async function answer(sigstore: PrivateSigstore, request: IncomingMessage): Promise<Answer> {
  const endpoint = `${request.method ?? ''} ${request.url ?? ''}`;
  switch (endpoint) {
    case 'POST /api/v1/signingCert':
      return await fulcioV1(sigstore, request);
    case 'POST /api/v2/signingCert':
      return await fulcioV2(sigstore, request);
    case 'POST /api/v1/log/entries':
      return await rekor(sigstore, request);
    default:
      return { status: 404, type: 'text/plain', body: `${endpoint}: not served here` };
  }
}

async function fulcioV1(sigstore: PrivateSigstore, request: IncomingMessage): Promise<Answer> {
  const { publicKey } = (await readJson(request)) as { publicKey: { content: string } };
  const pem = Buffer.from(publicKey.content, 'base64').toString('latin1');
  const chain = await certify(sigstore, request, fromPem(pem));
  return { status: 201, type: 'application/pem-certificate-chain', body: chain.join('') };
}

async function fulcioV2(sigstore: PrivateSigstore, request: IncomingMessage): Promise<Answer> {
  const { publicKeyRequest } = (await readJson(request)) as {
    publicKeyRequest: { publicKey: { content: string } };
  };
  const der = fromPem(publicKeyRequest.publicKey.content);
  const certificates = await certify(sigstore, request, der);
  const body = JSON.stringify({ signedCertificateEmbeddedSct: { chain: { certificates } } });
  return { status: 200, type: 'application/json', body };
}

async function certify(
  sigstore: PrivateSigstore,
  { headers }: IncomingMessage,
  publicKey: Buffer,
): Promise<readonly string[]> {
  const [, claims = ''] = (headers.authorization ?? '').split('.');
  const { iss, sub, extensions } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
  const identity: TestIdentity = { issuer: iss, subject: sub, extensions };
  const certificate = await sigstore.certifyKey(publicKey, identity);
  return [certificate, sigstore.rootCertificate].map((der) => toPem(der, 'CERTIFICATE'));
}

async function rekor(sigstore: PrivateSigstore, request: IncomingMessage): Promise<Answer> {
  const proposed = (await readJson(request)) as ProposedEntry;
  const entry = await sigstore.rekorV1.answer(stored(proposed), sigstore.now());
  const [uuid = ''] = Object.keys(entry);
  return {
    status: 201,
    type: 'application/json',
    body: JSON.stringify(entry),
    headers: { etag: uuid, location: `/api/v1/log/entries/${uuid}` },
  };
}

interface ProposedEntry extends LogBody {
  readonly spec: {
    readonly proposedContent?: { readonly envelope: string; readonly verifiers: readonly string[] };
  };
}

/** Of an envelope Rekor keeps the hashes alone. */
function stored({ kind, apiVersion, spec }: ProposedEntry): LogBody {
  if (spec.proposedContent === undefined) return { kind, apiVersion, spec };
  const { envelope, verifiers } = spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope) as {
    payload: string;
    signatures: readonly { sig: string }[];
  };
  return {
    kind,
    apiVersion,
    spec: {
      envelopeHash: hashOf(Buffer.from(canonical(JSON.parse(envelope)))),
      payloadHash: hashOf(Buffer.from(payload, 'base64')),
      signatures: signatures.map(({ sig }, index) => ({
        signature: sig,
        verifier: verifiers[index],
      })),
    },
  };
}

function hashOf(bytes: Buffer): object {
  return { algorithm: 'sha256', value: sha256(bytes).toString('hex') };
}

function fromPem(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
}

function tokenPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
