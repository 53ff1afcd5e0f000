import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINIMAL, problems } from '../../support/config.ts';

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

/** What is said of `text` after the least there is to say, which has three lines. */
async function after(text: string, world: Parameters<typeof problems>[1] = {}): Promise<string> {
  return (await problems(`${MINIMAL}${text}`, world)).join('\n');
}

test('every problem is told at once, in the order of the file', async () => {
  const found = await problems(`releases:
  url: http://acme.atlan.com
  tokn: abc
  token: \${UNSET}
target:
  existing: refus
map:
  store: s3://bucket
verify:
  trustRoot: missing.json
reports: {}
`);
  assert.deepEqual(found, [
    'mirror.yaml:2:8: releases.url: "http://acme.atlan.com" is no https address: the token would travel in the clear; write https://',
    'mirror.yaml:3:3: releases.tokn: unknown setting; did you mean "token"?',
    'mirror.yaml:4:10: releases.token: the environment variable UNSET is not set: set it, or write a default: ${UNSET:-…}',
    'mirror.yaml:5:1: target.image: missing; for example "registry.mycompany.com/atlan/{name}:{tag}"',
    'mirror.yaml:6:13: target.existing: expected "refuse" or "overwrite", got "refus"; did you mean "refuse"?',
    'mirror.yaml:8:10: map.store: "s3://bucket" is not a place for the map: write s3://BUCKET/KEY',
    'mirror.yaml:10:14: verify.trustRoot: the file "missing.json" cannot be read: there is no such file',
    'mirror.yaml:11:1: reports: unknown setting; did you mean "report"?',
  ]);
});

test('every unknown setting is told, not only the first', async () => {
  assert.equal(
    await after('copy: { engin: registry, parallel: 3, signature: true }'),
    [
      'mirror.yaml:4:9: copy.engin: unknown setting; did you mean "engine"?',
      'mirror.yaml:4:26: copy.parallel: unknown setting',
      'mirror.yaml:4:39: copy.signature: unknown setting; did you mean "signatures"?',
    ].join('\n'),
  );
});

describe('types', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['copy: fast', '4:7: copy: expected a mapping (key: value), got text'],
    ['copy: [a]', '4:7: copy: expected a mapping (key: value), got a list'],
    ['copy:', '4:6: copy: expected a mapping (key: value), got nothing'],
    ['copy: { signatures: 1 }', '4:21: copy.signatures: expected true or false, got a number'],
    ['copy: { concurrency: 1.5 }', '4:22: copy.concurrency: 1.5 is not a whole number'],
    ['copy: { concurrency: 0 }', '4:22: copy.concurrency: 0 is less than 1'],
    ['copy: { concurrency: 513 }', '4:22: copy.concurrency: 513 is more than 512'],
    ['copy: { engine: 7 }', '4:17: copy.engine: expected "registry" or "skopeo", got a number'],
    [
      'source: { registry: 12 }',
      '4:21: source.registry: expected text, got a number: put it in quotes',
    ],
    ['source: { registry: }', '4:21: source.registry: expected text, got nothing'],
    ['source: { registry: "" }', '4:21: source.registry: "" is empty'],
    [
      'verify: { trustRoot: 1 }',
      '4:22: verify.trustRoot: expected text or a mapping (key: value), got a number',
    ],
    [
      'verify: { trustRoot: { url: https://x.example } }',
      '4:11: verify.trustRoot.rootFile: missing; for example "root.json"',
    ],
    [
      'verify: { trustRoot: { ulr: 1 } }',
      '4:24: verify.trustRoot.ulr: unknown setting; did you mean "url"?',
    ],
    [
      'verify: { require: some }',
      '4:20: verify.require: expected a number or "all" or a list, got "some"',
    ],
    ['verify: { require: 0 }', '4:20: verify.require: 0 is less than 1'],
    [
      'verify: { require: [{ signatures: some }] }',
      '4:35: verify.require[0].signatures: expected a number or "all", got "some"',
    ],
    [
      'verify: { require: [{ atestation: x }] }',
      '4:23: verify.require[0].atestation: unknown setting; did you mean "attestation"?',
    ],
    [
      'verify: { require: { signatures: 2 } }',
      '4:20: verify.require: expected a number or "all" or a list, got a mapping',
    ],
  ];
  for (const [text, expected] of cases) {
    test(text, async () => {
      const found = (await after(text)).split('\n');
      assert.ok(found.includes(`mirror.yaml:${expected}`), found.join('\n'));
    });
  }
});

describe('contradictions', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['verify: { identities: [], keys: [] }', /^mirror\.yaml:4:\d+: verify: accepts nobody: /],
    ['verify: { overrides: [{ match: a, keys: [] }] }', /verify\.overrides\[0\]: accepts nobody: /],
    [
      'verify: { identities: [{ subject: a, subjectPattern: b, issuer: https://i.example }] }',
      /verify\.identities\[0\]: needs either subject or subjectPattern, and not both/,
    ],
    [
      'verify: { identities: [{ subject: a }] }',
      /verify\.identities\[0\]: needs either issuer or issuerPattern, and not both/,
    ],
    [
      'verify: { require: 2 }',
      /verify\.require: asks for more signers than identities and keys name/,
    ],
    [
      'verify: { overrides: [{ match: a, identities: [{ subject: a, issuer: https://i.example }], require: [{ signatures: 2 }] }] }',
      /verify\.overrides\[0\]\.require: asks for more signers/,
    ],
    [
      'verify: { require: [{ signatures: 2, attestation: a }] }',
      /verify\.require\[0\]: needs either signatures or attestation, and not both/,
    ],
    [
      'verify: { require: [{ signatures: 2, builderId: a }] }',
      /verify\.require\[0\]: builderId and sourceRepository are conditions on an attestation/,
    ],
    [
      'verify: { require: [{ signatures: 2 }, { signatures: all }] }',
      /verify\.require: they name a number of signers twice/,
    ],
    ['verify: { overrides: [{ match: a }] }', /verify\.overrides\[0\]: overrides nothing/],
    [
      'registries: { x.example: { username: a } }',
      /registries\["x\.example"\]: needs both username and password \(or passwordFile\), or neither/,
    ],
    [
      'registries: { x.example: { key: -----BEGIN PRIVATE KEY----- } }',
      /"x\.example"\]: needs both cert and key/,
    ],
    [
      'registries: { x.example: { password: a, passwordFile: /b, username: u } }',
      /passwordFile: contradicts password: give one of them/,
    ],
    [
      'registries: { x.example: { plainHttp: true, ca: ca.pem } }',
      /plainHttp: plainHttp contradicts ca and cert/,
    ],
    [
      'registries: { docker.io: {}, index.docker.io: {} }',
      /registries: they name one registry twice/,
    ],
  ];
  for (const [text, expected] of cases) {
    test(text, async () => {
      assert.match(await after(text, { files: { '/srv/job/ca.pem': CERTIFICATE } }), expected);
    });
  }

  test('a public key that cannot be read', async () => {
    const pem = '"-----BEGIN PUBLIC KEY-----\\nMAA=\\n-----END PUBLIC KEY-----"';
    const found = await after(`verify: { keys: [{ pem: ${pem} }] }`);
    assert.match(found, /keys\[0\]\.pem: the value holds no usable public key: it cannot be read/);
  });

  test('releases from two places, or from none', async () => {
    const files = { '/srv/job/r.json': '{}' };
    assert.match(
      (await problems(MINIMAL.replace('token:', 'file: r.json, token:'), { files })).join('\n'),
      /releases\.file: url and file contradict each other/,
    );
    assert.match(
      (
        await problems(MINIMAL.replace('url: https://acme.atlan.com, token: t0ken', 'include: [a]'))
      ).join('\n'),
      /releases: says not where the releases come from/,
    );
  });

  test('verification may be switched off whoever is accepted', async () => {
    assert.equal(await after('verify: { mode: off, identities: [], keys: [] }'), '');
  });
});

describe('texts', () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      'source: { registry: https://r.example }',
      '"https://r.example" starts with a scheme: a reference starts with the host, without https://',
    ],
    [
      'source: { registry: r.example/team }',
      '"r.example/team" is more than a host: leave out everything from "/" on',
    ],
    [
      'source: { registry: registry }',
      '"registry" is not a registry host as it stands in references: expected host or host:port, with a dot, a port, or localhost',
    ],
    [
      'verify: { grace: 1 hour }',
      '"1 hour" is not a duration: write a number with a unit, like 90s, 30m, 1h or 7d',
    ],
    [
      'verify: { identities: [{ subjectPattern: "(", issuer: https://i.example }] }',
      '"(" is not a regular expression: Unterminated group',
    ],
    [
      'verify: { identities: [{ subjectPattern: "a)|(?:b", issuer: https://i.example }] }',
      '"a)|(?:b" is not a regular expression: Unmatched \')\'',
    ],
    [
      'verify: { identities: [{ subject: a, issuer: token.actions.example }] }',
      '"token.actions.example" is not a URL that starts with https://',
    ],
    [
      'verify: { overrides: [{ match: "a{b,c}", require: all }] }',
      '"a{b,c}" holds "{": patterns know "*" (any characters, "/" too) and "?" (one character) alone',
    ],
    [
      'verify: { keys: [{ pem: /no/such.pem }] }',
      'the file "/no/such.pem" cannot be read: there is no such file',
    ],
    [
      'verify: { identities: [{ subject: a, issuer: https://i.example, extensions: { sourceRepository: x } }] }',
      '"sourceRepository" is no extension of a certificate; did you mean "sourceRepositoryURI"?',
    ],
    [
      'verify: { keys: [{ pem: ca.pem }] }',
      'the value holds no PEM text "-----BEGIN PUBLIC KEY-----"',
    ],
    [
      'registries: { "http://x.example": {} }',
      '"http://x.example" starts with a scheme: a reference starts with the host, without https://',
    ],
  ];
  for (const [text, expected] of cases) {
    test(text, async () => {
      const found = await after(text, { files: { '/srv/job/ca.pem': CERTIFICATE } });
      assert.equal(found.replace(/^.*?: [\w.[\]":/-]+: /, ''), expected);
    });
  }

  const templates: readonly (readonly [string, RegExp])[] = [
    ['r.example/{nam}:{tag}', /unknown placeholder \{nam\}; did you mean \{name\}\? Known are/],
    ['r.example/{name', /a brace without its partner/],
    ['r.example/{name}:latest', /gives every version of an image the same name: use \{tag\}/],
    ['https://r.example/{name}:{tag}', /starts with a scheme/],
    ['r.example/{name}-{tag}', /gives no reference with a tag/],
    ['r.example/{name} :{tag}', /white space/],
    ['r.example/ATLAN/{name}:{tag}', /gives no reference with a tag/],
    ['r.example/{name}@{tag}', /gives no reference with a tag/],
  ];
  for (const [template, expected] of templates) {
    test(`target.image: ${template}`, async () => {
      const text = MINIMAL.replace('registry.example/atlan/{name}:{tag}', template);
      const found = await problems(text);
      assert.equal(found.length, 1);
      assert.match(found[0] ?? '', expected);
    });
  }

  const locations: readonly (readonly [string, RegExp])[] = [
    [
      'image-map.yaml',
      /"image-map.yaml" is not a place .*; for a local file put "file:" before it$/,
    ],
    ['ftp://a/b', /write file:PATH, s3:\/\/BUCKET\/KEY, azblob:.*, or gs:\/\/BUCKET\/KEY$/],
    ['gs://a', /write gs:\/\/BUCKET\/KEY$/],
    ['azblob://account/container', /write azblob:\/\/ACCOUNT\/CONTAINER\/KEY$/],
    ['s3://id:sesame@bucket/key', /"s3:\/\/\[secret\]@bucket\/key" holds credentials/],
    ['"file:"', /names no file/],
    ['file:maps/', /is a folder/],
    ['file://host/map.yaml', /is not a file \(.*\): write file:PATH/],
  ];
  for (const [location, expected] of locations) {
    test(`map.store: ${location}`, async () => {
      const text = MINIMAL.replace('file:image-map.yaml', location);
      assert.match((await problems(text)).join('\n'), expected);
    });
  }
});
