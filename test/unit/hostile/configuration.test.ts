/** Whatever stands in a file that configures, it is read as something or refused by a ConfigError. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { ConfigError, SignatureError } from '../../../src/errors.ts';
import { parsePublishedPort } from '../../../src/orchestrator/config/schema/ports.ts';
import { parseSize } from '../../../src/orchestrator/config/schema/texts.ts';
import { parseEnvFile } from '../../../src/orchestrator/config/env-file.ts';
import { parseDockerConfig } from '../../../src/registry/auth/docker-config.ts';
import { parsePlatform, formatPlatform } from '../../../src/registry/platform.ts';
import { parseReleasesUrl } from '../../../src/releases/releases-url.ts';
import { parseShard } from '../../../src/releases/shard.ts';
import { parsePostUrl } from '../../../src/reports/addresses.ts';
import { Secret } from '../../../src/secret.ts';
import { parseConfigDocument } from '../../../src/settings/document.ts';
import { interpolate } from '../../../src/settings/interpolate.ts';
import { parseRate } from '../../../src/settings/rate.ts';
import { parseTrustRoot } from '../../../src/signatures/parse-trust-root.ts';
import { parsePem } from '../../../src/signatures/pem.ts';
import { readDaprDescription } from '../../../src/stores/dapr/description.ts';
import { parseMapLocation } from '../../../src/stores/location.ts';
import { load as loadMirror } from '../../support/config.ts';
import { load as loadOrchestrator, MINIMAL } from '../../support/orchestrator/config.ts';

const MIRROR = `releases: { url: https://acme.atlan.com, token: token-of-the-tenant }
target: { image: "registry.mycompany.com/atlan/{name}:{tag}" }
map: { store: s3://acme-sdr/sdr/image-map.yaml }
registries: { registry.mycompany.com: { username: ci, password: secret } }
`;

const token = fc.constantFrom(
  ...'a: - [ ] { } , "x" & * ! | > # % @ ` ? ~ null true 1e9 <<: __proto__: ${A} ${A:-b} ${ }'.split(
    ' ',
  ),
  ' ',
  '  ',
  '\n',
  '\n  ',
  '\r\n',
  '\t',
  '\ufeff',
  '\0',
  '---\n',
  '&a ',
  '*a ',
);
const yaml = fc.array(token, { maxLength: 30 }).map((tokens) => tokens.join(''));
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    '${A}',
    '${A:-${B}}',
    '${',
    '$${',
    '*',
    '../..',
    'https://a@b',
    '\u001b',
    -1,
    1e308,
  ),
);

/** The document with another value somewhere, as text. */
function changed(text: string): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(), value).map(([at, by]) => {
    const { value: plain } = parseConfigDocument(text, 'f');
    let seen = 0;
    const count = JSON.stringify(plain).split(':').length;
    const edited: unknown = JSON.parse(JSON.stringify(plain), (_, node: unknown) =>
      (seen += 1) - 1 === at % (count * 2) ? by : node,
    );
    return stringify(edited);
  });
}

/** Fails unless it succeeds, or fails with an error of these classes. */
async function judged(
  read: () => unknown,
  ...classes: readonly (abstract new (...all: never) => Error)[]
): Promise<void> {
  try {
    await read();
  } catch (error) {
    const isKnown = [ConfigError, ...classes].some((known) => error instanceof known);
    assert.ok(isKnown, error instanceof Error ? error.stack : String(error));
  }
}

test('any mirror.yaml is a configuration or a ConfigError', async () => {
  await loadMirror(MIRROR);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        yaml,
        changed(MIRROR),
        yaml.map((more) => `${MIRROR}${more}`),
      ),
      async (text) => judged(async () => loadMirror(text, { env: { A: 'x: [\n' } })),
    ),
    { numRuns: 80 },
  );
});

test('any config.yaml and .env of an orchestrator are a configuration or a ConfigError', async () => {
  await loadOrchestrator(MINIMAL);
  const dotenv = fc.array(
    fc.oneof(fc.string(), fc.constantFrom('A=1', 'A="', "'", '\n', 'export ', '=', '#')),
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(yaml, changed(MINIMAL)), dotenv, async (text, lines) =>
      judged(async () => loadOrchestrator(text, { dotenv: lines.join('') })),
    ),
    { numRuns: 80 },
  );
});

test('a .env reads back what was written, and says where', () => {
  const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/);
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '#', '=', '$', '"', '\n', 'ü') });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, text), { selector: ([key]) => key }), (pairs) => {
      const file = parseEnvFile(
        pairs.map(([key, content]) => `${key}='${content}'\n`).join(''),
        '.env',
      );
      assert.deepEqual(file.issues, []);
      assert.deepEqual({ ...file.values }, Object.fromEntries(pairs));
      let line = 1;
      for (const [key, content] of pairs) {
        assert.equal(file.placeOf(key)?.line, line);
        line += content.split('\n').length;
      }
    }),
    { numRuns: 60 },
  );
});

test('an expression is expanded once, and what is escaped comes out as it was meant', () => {
  const text = fc.string({ unit: fc.constantFrom('$', '{', '}', 'A', ':-', 'x', '\n') });
  fc.assert(
    fc.property(text, text, (written, secret) => {
      const escaped = written.replaceAll('${', () => '$${');
      assert.equal(interpolate(escaped, {}).value, written);
      assert.deepEqual(interpolate([`<\${A}>`], { A: secret }).value, [`<${secret}>`]);
      interpolate({ a: [written] }, { A: secret });
    }),
  );
});

test('any Dapr file describes components or is a ConfigError', async () => {
  const component = stringify({
    kind: 'Component',
    metadata: { name: 'objectstore' },
    spec: { type: 'bindings.aws.s3', metadata: [{ name: 'bucket', secretKeyRef: { name: 'a' } }] },
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(yaml, changed(component)), async (text) =>
      judged(async () => {
        const description = await readDaprDescription('f.yaml', {}, new Secret(text));
        await description.component('objectstore');
      }),
    ),
    { numRuns: 100 },
  );
});

test('any docker configuration gives credentials or a ConfigError that repeats none', async () => {
  const secret = 'hunter2-precious';
  const auth = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        auth: fc.oneof(fc.jsonValue(), fc.base64String(), fc.constant(secret)),
        identitytoken: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
  );
  const host = fc.constantFrom(
    'https://index.docker.io/v1/',
    'r.io',
    '__proto__',
    '',
    'HTTP://R.io/v2',
  );
  const config = fc.record(
    {
      auths: fc.oneof(fc.jsonValue(), fc.dictionary(host, auth)),
      credHelpers: fc.oneof(fc.jsonValue(), fc.dictionary(host, fc.jsonValue())),
      credsStore: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        config.map((each) => JSON.stringify(each)),
        fc.json(),
        fc.string(),
      ),
      (text) => {
        try {
          parseDockerConfig(text, 'config.json');
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
          assert.ok(!error.message.includes(secret));
        }
      },
    ),
  );
  for (const broken of [`{"auths":{"r.io":{"auth":"${secret}`, `"${secret}"`, secret]) {
    assert.throws(
      () => parseDockerConfig(broken, 'config.json'),
      (error) => error instanceof ConfigError && !error.message.includes(secret),
    );
  }
});

test('any text is a setting of its kind or a ConfigError', async () => {
  const part = fc.constantFrom(
    ...'0 1 9 65535 65536 -1 1e3 / : . , [::1] 127.0.0.1 tcp udp linux amd64 v8 MB GiB /s m https:// s3:// gs:// file: azblob:// a @ ? # %2f'.split(
      ' ',
    ),
    ' ',
    '\n',
    '\0',
    '..',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(part, { maxLength: 6 }).map((parts) => parts.join('')),
  );
  const parsers: readonly ((text: string) => unknown)[] = [
    parseSize,
    parsePublishedPort,
    parseRate,
    parseShard,
    parseReleasesUrl,
    parsePostUrl,
    (written) => parseMapLocation(written, '/srv'),
  ];
  await fc.assert(
    fc.asyncProperty(text, async (written) => {
      for (const parse of parsers) await judged(() => parse(written));
      await judged(() => assert.equal(formatPlatform(parsePlatform(written)), written));
    }),
  );
});

test('any text is a key, a root of trust, or refused as such', async () => {
  const pem = fc
    .tuple(
      fc.constantFrom('CERTIFICATE', 'PUBLIC KEY', 'X'),
      fc.oneof(fc.base64String(), fc.string()),
    )
    .map(([label, body]) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`);
  const root = fc
    .record(
      {
        mediaType: fc.constantFrom('application/vnd.dev.sigstore.trustedroot+json;version=0.1', 1),
        tlogs: fc.jsonValue(),
        certificateAuthorities: fc.oneof(
          fc.jsonValue(),
          fc.constant([{ certChain: { certificates: [{}] } }]),
        ),
        ctlogs: fc.jsonValue(),
        timestampAuthorities: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(pem, fc.string()),
      fc.oneof(root, fc.json(), fc.string()),
      async (key, text) => {
        await judged(() => parsePem(key, 'the key'), SignatureError);
        await judged(() => parseTrustRoot(text, 'root.json'), SignatureError);
      },
    ),
  );
});

test('the files of a job are read from a folder that holds something else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  try {
    await judged(async () => readDaprDescription(folder, {}));
    await judged(async () => readDaprDescription(join(folder, 'none.yaml'), {}));
  } finally {
    await rm(folder, { recursive: true });
  }
});
