import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { main } from '../../../src/cli/mirror-program.ts';
import { commandLine } from '../command-line.ts';
import { buildImage, push } from '../images.ts';
import { startMarketplace } from '../marketplace.ts';
import { startRegistry } from '../registry/server.ts';
import { assertUnmarked, core, filesBelow, mark } from './marks.ts';
import { STORES, type SecretStore } from './stores.ts';
import { startWitness, type Reply, type Witness } from './witness.ts';

/** Where a secret of the job belongs: the witnesses that may hear it. */
const BELONGS = {
  token: ['tenant'],
  refresh: ['source'],
  // What the token service gives for the refresh token.
  access: ['source'],
  password: ['target'],
  proxy: ['proxy'],
  session: ['store'],
  // Neither of these leaves the process.
  storekey: [],
  dockerpw: [],
  clientkey: [],
  push: ['gateway'],
  webhook: ['chat'],
} as const;

type Word = keyof typeof BELONGS;
export type Server = 'tenant' | 'source' | 'target' | 'proxy' | 'store' | 'gateway' | 'chat';

export const WORDS: readonly string[] = Object.keys(BELONGS);
export const SERVERS: readonly Server[] = [
  'tenant',
  'source',
  'target',
  'proxy',
  'store',
  'gateway',
  'chat',
];

/** A job with a secret of its own wherever `mirror.yaml` takes one, and a witness before every server. */
export interface MirrorScene {
  readonly folder: string;
  readonly at: Readonly<Record<Server, Witness>>;
  readonly store: SecretStore;
  /** Reference of the image that is announced. */
  readonly image: string;
  readonly copy: string;
  /** Runs a command, and says whether a secret is seen anywhere it does not belong. */
  run(...args: readonly string[]): Promise<{ readonly exitCode: number; readonly said: string }>;
}

export async function startMirrorScene(
  t: TestContext,
  options: {
    readonly trustedRoot: object;
    /** Where the map is kept; in S3 where absent. */
    readonly startStore?: () => Promise<SecretStore>;
    /** Where programs are found besides those in `given/bin`; none are where absent. */
    readonly path?: string;
  },
): Promise<MirrorScene> {
  const { trustedRoot, startStore = STORES['S3, by a session'] } = options;
  assert.ok(startStore);
  const folder = await mkdtemp(join(tmpdir(), 'mirror-secrets-'));
  t.after(async () => rm(folder, { recursive: true }));
  const [marketplace, source, target, store] = await Promise.all([
    startMarketplace({ token: mark('token') }),
    startRegistry(),
    startRegistry({ auth: { kind: 'basic', users: { ci: mark('password') } } }),
    startStore(),
  ]);
  t.after(async () => Promise.all([marketplace.close(), source.close(), target.close()]));
  t.after(store.stop);
  const at = {
    tenant: await startWitness(t, marketplace.url),
    source: await startWitness(t, source.url, tokenService),
    target: await startWitness(t, target.url),
    store: await startWitness(t, store.url),
    gateway: await startWitness(t, undefined, () => ({ status: 200 })),
    chat: await startWitness(t, undefined, () => ({ status: 200 })),
    proxy: await startWitness(t),
  };
  push(source.store.repository('vendor/app'), buildImage({ seed: 'app', layers: [100] }), '1.0');
  const image = `${at.source.host}/vendor/app:1.0`;
  marketplace.announce([{ image, app_name: 'app', version: '1.0' }]);
  const write = async (name: string, text: string): Promise<void> =>
    writeFile(join(folder, name), text);
  await mkdir(join(folder, 'given'));
  await write('given/trusted_root.json', JSON.stringify(trustedRoot));
  await write('given/refresh', `${mark('refresh')}\n`);
  await write('given/config.json', dockerConfig());
  await write('mirror.yaml', configuration(at, store.section(at.store.url)));
  const mirror = commandLine(main, {
    cwd: folder,
    env: {
      ...(options.path === undefined
        ? {}
        : { PATH: `${join(folder, 'given/bin')}:${options.path}` }),
      DOCKER_CONFIG: join(folder, 'given'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      TOKEN: mark('token'),
      PASSWORD: mark('password'),
      PROXY: `http://user:${encodeURIComponent(mark('proxy'))}@${at.proxy.host}`,
      ...store.env(at.store.url),
      CLIENT_KEY: `-----BEGIN PRIVATE KEY-----\n${core('clientkey')}\n-----END PRIVATE KEY-----\n`,
      PUSH: `http://user:${encodeURIComponent(mark('push'))}@${at.gateway.host}/push`,
      WEBHOOK: `http://${at.chat.host}/services/${core('webhook')}?sig=${core('webhook')}`,
    },
  });
  return {
    folder,
    at,
    store,
    image,
    copy: `${at.target.host}/copied/app`,
    run: async (...args) => {
      const { exitCode, stdout, stderr } = await mirror.run(...args);
      const said = stdout + stderr;
      assertUnmarked(said, WORDS, `what ${args.join(' ')} prints`);
      const left = await filesBelow(folder, ['given', 'mirror.yaml']);
      assertUnmarked(left, WORDS, 'what it leaves');
      assertUnmarked(store.map(), WORDS, 'the map');
      for (const server of SERVERS) {
        const foreign = WORDS.filter((word) => !isHeardBy(word as Word, server, store));
        assertUnmarked(at[server].heard(), foreign, `what the ${server} hears`);
      }
      for (const secret of store.others) {
        const everywhere = [
          said,
          left,
          store.map(),
          ...SERVERS.map((server) => at[server].heard()),
        ];
        assert.ok(!everywhere.some((text) => text.includes(secret)), `${secret} is told`);
      }
      return { exitCode, said };
    },
  };
}

function isHeardBy(word: Word, server: Server, { hearsSession }: SecretStore): boolean {
  if (word === 'session' && !hearsSession) return false;
  // Plain http goes through a proxy as it is.
  const heardBy: readonly string[] = BELONGS[word];
  return heardBy.includes(server) || (server === 'proxy' && word === 'password');
}

/** A registry that takes nothing but a bearer token, which it gives for the refresh token. */
const tokenService: Reply = ({ method, url, headers, body }) => {
  const host = String(headers.host);
  if (url.startsWith('/token')) {
    const isRight = new URLSearchParams(String(body)).get('refresh_token') === mark('refresh');
    return method === 'POST' && isRight
      ? { status: 200, body: JSON.stringify({ access_token: mark('access') }) }
      : { status: 401 };
  }
  if (headers.authorization === `Bearer ${mark('access')}`) return undefined;
  const challenge = `Bearer realm="http://${host}/token",service="${host}"`;
  return { status: 401, headers: { 'www-authenticate': challenge } };
};

function dockerConfig(): string {
  const auth = Buffer.from(`user:${mark('dockerpw')}`).toString('base64');
  return JSON.stringify({ auths: { 'registry.example': { auth } } });
}

function configuration(at: Readonly<Record<Server, Witness>>, map: string): string {
  return `releases:
  url: ${at.tenant.url}
  token: \${TOKEN}
source: { registry: "${at.source.host}" }
target: { image: "${at.target.host}/mirrored/{name}:{tag}" }
map:${map}
verify: { trustRoot: given/trusted_root.json, mode: warn }
registries:
  "${at.source.host}": { plainHttp: true, identityTokenFile: given/refresh }
  "${at.target.host}": { plainHttp: true, username: ci, password: "\${PASSWORD}", proxy: "\${PROXY}" }
report:
  json: out/report.json
  html: out/report.html
  metrics: out/mirror.prom
  pushgateway: \${PUSH}
  besideMap: true
notify: { webhook: "\${WEBHOOK}", on: [failure, change, recovery] }
`;
}
