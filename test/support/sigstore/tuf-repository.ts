import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spkiOf } from './der.ts';
import { canonical, sha256 } from './transparency-log.ts';

/** A TUF repository on the loopback interface that serves one `trusted_root.json`. */
export interface TufRepository {
  readonly url: string;
  /** Its `root.json`, by which a client checks all the rest. */
  readonly root: string;
  /** Paths asked for so far. */
  readonly requests: readonly string[];
  forget(): void;
  /** Publishes another root of trust, as its next version. */
  publish(trustedRoot: object): void;
  /** Answers 503 from now on, or no more. */
  fail(fails: boolean): void;
  stop(): Promise<void>;
}

const ROLES = ['root', 'timestamp', 'snapshot', 'targets'] as const;
const RAW_KEY_BYTES = 32;
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

export async function startTufRepository(trustedRoot: object): Promise<TufRepository> {
  const keys = generateKeyPairSync('ed25519');
  const key = {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: spkiOf(keys.publicKey).subarray(-RAW_KEY_BYTES).toString('hex') },
  };
  const keyid = sha256(Buffer.from(canonical(key))).toString('hex');
  const expires = new Date(Date.now() + YEAR_MS).toISOString().replace(/\.\d+/, '');

  const signed = (type: string, version: number, body: object): string => {
    const content = { _type: type, spec_version: '1.0.31', version, expires, ...body };
    const signature = sign(undefined, Buffer.from(canonical(content)), keys.privateKey);
    return JSON.stringify({
      signed: content,
      signatures: [{ keyid, sig: signature.toString('hex') }],
    });
  };
  const root = signed('root', 1, {
    consistent_snapshot: false,
    keys: { [keyid]: key },
    roles: Object.fromEntries(ROLES.map((role) => [role, { keyids: [keyid], threshold: 1 }])),
  });

  const files = new Map<string, string>();
  let version = 0;
  const publish = (trustedRoot: object): void => {
    version += 1;
    const target = JSON.stringify(trustedRoot);
    files
      .set('/1.root.json', root)
      .set('/targets/trusted_root.json', target)
      .set(
        '/targets.json',
        signed('targets', version, {
          targets: {
            'trusted_root.json': {
              length: Buffer.byteLength(target),
              hashes: { sha256: sha256(Buffer.from(target)).toString('hex') },
            },
          },
        }),
      )
      .set('/snapshot.json', signed('snapshot', version, { meta: { 'targets.json': { version } } }))
      .set(
        '/timestamp.json',
        signed('timestamp', version, { meta: { 'snapshot.json': { version } } }),
      );
  };
  publish(trustedRoot);

  const requests: string[] = [];
  let failing = false;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const file = files.get(path);
    response.statusCode = failing ? 503 : file === undefined ? 404 : 200;
    response.end(failing ? '' : file);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    root,
    requests,
    forget: () => {
      requests.length = 0;
    },
    publish,
    fail: (fails) => {
      failing = fails;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
