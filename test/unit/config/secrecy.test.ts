import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import {
  assert as check,
  asyncProperty,
  constantFrom,
  oneof,
  string,
  stringMatching,
  tuple,
} from 'fast-check';
import { ConfigError } from '../../../src/errors.ts';
import { load } from '../../support/config.ts';

/** Every setting that holds a text, written with the environment's help. */
const CONFIGURATION = `
releases:
  url: "\${URL}"
  token: "\${TOKEN}"
  include: ["\${GLOB}"]
  extra: ["\${EXTRA}"]
source: { registry: "\${SOURCE}" }
target:
  image: "\${TARGET}"
  existing: "\${EXISTING}"
  overrides: [{ match: "\${MATCH}", image: "\${IMAGE}" }]
map:
  store: "\${STORE}"
  component: "\${COMPONENT}"
  key: "\${KEY_OF_MAP}"
  rootPath: "\${ROOT_PATH}"
  s3:
    endpoint: "\${S3_ENDPOINT}"
    region: "\${REGION}"
    credentials: { accessKeyId: "\${ID}", secretAccessKeyFile: "\${S3_FILE}" }
    assumeRole: { arn: "\${ARN}" }
    ca: "\${S3_CA}"
    contentType: "\${CONTENT_TYPE}"
    tags: { team: "\${TAG}" }
    storageClass: "\${STORAGE_CLASS}"
    encryption: { algorithm: "\${ALGORITHM}", kmsKeyId: "\${KMS}" }
    concurrency: "\${MAP_CONCURRENCY}"
  azblob:
    endpoint: "\${AZURE_ENDPOINT}"
    credentials: { connectionString: "\${CONNECTION_STRING}", accountKey: "\${ACCOUNT_KEY}" }
  gs:
    credentials: { clientEmail: "\${EMAIL}", privateKey: "\${PRIVATE_KEY}" }
    kmsKeyName: "\${KMS_NAME}"
verify:
  mode: "\${MODE}"
  grace: "\${GRACE}"
  trustRoot: "\${ROOT}"
  identities: [{ subjectPattern: "\${SUBJECT}", issuer: "\${ISSUER}" }]
  keys: [{ pem: "\${PEM}" }]
registries:
  registry.example:
    username: "\${USERNAME}"
    passwordFile: "\${PASSWORD_FILE}"
    ca: "\${CA}"
    cert: "\${CERT}"
    key: "\${KEY}"
    plainHttp: "\${PLAIN}"
copy: { engine: "\${ENGINE}", concurrency: "\${CONCURRENCY}" }
`;
const NAMES = [...CONFIGURATION.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);

/** Easy to find again in whatever way it is cut, quoted or put into lower case. */
const mark = stringMatching(/^zq[A-Z0-9]{4}$/);

/** Texts of the kinds that secrets are, and of the kinds that settings are, marked all over. */
const secret = oneof(
  tuple(mark, mark).map(([a, b]) => `${a}/${b}+${a}=`),
  tuple(mark, mark, mark).map(([a, b, c]) => `https://${a}:${b}@${c}.example/${a}?${b}#${c}`),
  tuple(mark, mark, mark).map(([a, b, c]) => `${a}.example/${b.toLowerCase()}/{${c}}:${a}`),
  tuple(mark, mark).map(([a, b]) => `${a}.example/${b}`),
  tuple(mark, mark).map(([a, b]) => `${a}@sha256:${b}`),
  tuple(mark, mark).map(([a, b]) => `(${a}[${b}`),
  tuple(mark, string({ unit: 'binary' }), mark).map(([a, any, b]) => a + any + b),
  mark.map((a) => `-----BEGIN ${a}-----\n${a}\n`),
  mark.map((a) => `file:${a}/`),
);

test('what the environment held is in no message, whatever setting it was put into', async () => {
  await check(
    asyncProperty(constantFrom(...NAMES), secret, async (name, value) => {
      const env = Object.fromEntries(NAMES.map((each) => [each, 'placeholder']));
      const error = await load(CONFIGURATION, { env: { ...env, [name]: value } }).then(
        () => assert.fail('placeholders are no valid configuration'),
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof ConfigError, String(error));
      // What is thrown is logged whole, causes and all.
      const shown = inspect(error, { depth: 9 }).toLowerCase();
      for (const [part] of value.toLowerCase().matchAll(/zq\w{4}/g)) {
        assert.ok(!shown.includes(part), `${name}: ${part} in ${shown}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('a secret written where its file belongs is not shown', async () => {
  const error = await load(`
releases: { url: https://acme.atlan.com, tokenFile: hunter2hunter2 }
target: { image: "registry.example/{name}:{tag}" }
map: { store: file:map.yaml }
`).catch((reason: unknown) => reason);
  assert.ok(error instanceof ConfigError);
  assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter2/);
});

test('a password within a URL is not shown, although the URL is', async () => {
  const error = await load(`
releases: { url: "https://me:hunter2@acme.atlan.com/?token=hunter3", token: x }
target: { image: "registry.example/{name}:{tag}" }
map: { store: file:map.yaml }
`).catch((reason: unknown) => reason);
  assert.ok(error instanceof ConfigError);
  assert.match(error.message, /acme\.atlan\.com/);
  assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter[23]/);
});

test('a secret written into the file, and what a file holds, are not shown when they are wrong', async () => {
  const error = await load(
    `
releases: { url: https://acme.atlan.com, token: x }
target: { image: "registry.example/{name}:{tag}" }
map: { store: file:map.yaml }
registries: { registry.example: { cert: cert.pem, key: hunter2 } }
`,
    { files: { '/srv/job/cert.pem': 'hunter3' } },
  ).catch((reason: unknown) => reason);
  assert.ok(error instanceof ConfigError);
  assert.equal(error.issues.length, 2);
  assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter[23]/);
});

test('a secret that is no YAML is not shown', async () => {
  const ends = string({ maxLength: 3 });
  const written = tuple(
    constantFrom(...'*&!|>%@`"\'{[#?-:,'.split(''), ''),
    mark,
    constantFrom(...'{}[]:,"\'#&*!|>%@`\\ \t\n'.split(''), ': ', ' #', ''),
    mark,
    ends,
  );
  await check(
    asyncProperty(written, async (parts) => {
      const error = await load(`
releases: { url: https://acme.atlan.com, token: x }
registries:
  registry.example:
    password: ${parts.join('')}
`).catch((reason: unknown) => reason);
      assert.ok(error instanceof ConfigError, String(error));
      const [, first, , second] = parts;
      // A line end within makes the second half a key of its own, which is named where it is unknown.
      const marks = parts[2].includes('\n') || parts[2].includes(': ') ? [first] : [first, second];
      for (const part of marks) {
        assert.ok(!inspect(error, { depth: 9 }).includes(part), `${part} in ${error.message}`);
      }
    }),
    { numRuns: 300 },
  );
});
