import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { echo, echoSecrets, type Wording } from '../../support/secrets/echo.ts';
import {
  SERVERS,
  startMirrorScene,
  WORDS,
  type MirrorScene,
  type Server,
} from '../../support/secrets/mirror-scene.ts';
import { mark, marksIn } from '../../support/secrets/marks.ts';
import type { Reply } from '../../support/secrets/witness.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';

let trustedRoot: object;
before(async () => {
  ({ trustedRoot } = await createPrivateSigstore());
});

const COMMANDS: Readonly<Record<string, (scene: MirrorScene) => readonly string[]>> = {
  run: () => ['run'],
  plan: () => ['plan'],
  status: () => ['status'],
  doctor: () => ['doctor'],
  resolve: ({ image }) => ['resolve', image],
  verify: ({ image }) => ['verify', image],
  copy: ({ image, copy }) => ['copy', image, copy, '--verify', 'off'],
  init: ({ at }) =>
    `init --config other.yaml --releases-url ${at.tenant.url} --target r.example/{name} --map file:m.yaml`.split(
      ' ',
    ),
};
const OUTPUT = [
  ['--log-level', 'debug', '--output', 'human'],
  ['--log-level', 'debug', '--output', 'json'],
] as const;

const WORDING: Readonly<Record<Server, Wording>> = {
  tenant: 'json',
  source: 'json',
  target: 'json',
  store: 's3',
  proxy: 'text',
  gateway: 'text',
  chat: 'text',
};

/** What each server does to the job. */
const FAULTS: Readonly<Record<string, (server: Server) => Reply>> = {
  'repeats with 401 what it is sent': (server) => echoSecrets(401, WORDING[server]),
  'repeats it with 200, where something else is expected': (server) =>
    echoSecrets(200, WORDING[server]),
  'sends elsewhere, with what it was sent': () => (request) => {
    const said = echo(302, 'text')(request);
    const location = `http://127.0.0.1:1/?said=${encodeURIComponent(said.body ?? '')}`;
    return said.body === '' ? undefined : { ...said, headers: { location } };
  },
};

describe('secrets of a job stay where they belong', { concurrency: 4 }, () => {
  for (const [name, args] of Object.entries(COMMANDS)) {
    test(`mirror ${name}, when all is well, and when every server refuses and repeats what it was sent`, async (t) => {
      const scene = await startMirrorScene(t, { trustedRoot });
      for (const options of OUTPUT) await scene.run(...args(scene), ...options);
      for (const server of SERVERS) scene.at[server].reply = echo(403, WORDING[server]);
      for (const options of OUTPUT) await scene.run(...args(scene), ...options);
    });
  }

  for (const [name, fault] of Object.entries(FAULTS)) {
    for (const server of ['tenant', 'source', 'target', 'proxy', 'store'] as const) {
      test(`mirror run, when the ${server} ${name}`, async (t) => {
        const scene = await startMirrorScene(t, { trustedRoot });
        scene.at[server].reply = fault(server);
        await scene.run('run', '--log-level', 'debug');
      });
    }
  }
});

const INLINE = '"${PASSWORD}"';
for (const [name, spoil] of Object.entries({
  'an unknown setting beside it': (text: string) =>
    text.replace(`password: ${INLINE}`, `pasword: '${mark('password')}'`),
  'a mapping in its place': (text: string) =>
    text.replace(INLINE, `{ value: '${mark('password')}' }`),
  'a file named by it': (text: string) =>
    text.replace(`password: ${INLINE}`, `passwordFile: '${mark('password')}'`),
  'YAML around it that is none': (text: string) =>
    text.replace(`password: ${INLINE}`, `password: ${mark('password')}: "`),
  'it in the place of a host': (text: string) =>
    text.replace('source: { registry: "', 'source: { registry: "${PASSWORD}'),
  'it in the place of a number': (text: string) => `${text}copy: { concurrency: "\${PASSWORD}" }\n`,
})) {
  test(`a configuration with a secret and ${name}`, async (t) => {
    const scene = await startMirrorScene(t, { trustedRoot });
    const file = join(scene.folder, 'mirror.yaml');
    await writeFile(file, spoil(await readFile(file, 'utf8')));
    for (const options of OUTPUT) {
      const { exitCode, said } = await scene.run('run', ...options);
      assert.equal(exitCode, 2, said);
    }
  });
}

test('what the scene looks for is there to be found', async (t) => {
  const scene = await startMirrorScene(t, { trustedRoot });
  const { exitCode } = await scene.run('run');
  assert.equal(exitCode, 0);
  const heard = SERVERS.flatMap((server) => marksIn(scene.at[server].heard(), WORDS)).sort();
  assert.deepEqual(
    [...new Set(heard)],
    ['access', 'password', 'proxy', 'push', 'refresh', 'session', 'token', 'webhook'],
  );
});
