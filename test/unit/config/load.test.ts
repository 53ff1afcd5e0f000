import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VENDOR_POLICY, type SignaturePolicy } from '../../../src/signatures/policy.ts';
import { CWD, MINIMAL, PUBLIC_KEY, load, problems } from '../../support/config.ts';

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const PRIVATE_KEY = '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n';

describe('defaults', () => {
  test('the least there is to say gives everything', async () => {
    const config = await load(MINIMAL);
    const { releases, ...rest } = config;
    assert.deepEqual(rest, {
      source: { registry: 'docker.io' },
      target: {
        image: 'registry.example/atlan/{name}:{tag}',
        overrides: [],
        existing: 'refuse',
      },
      map: {
        store: `file:${CWD}/image-map.yaml`,
        settings: {},
        entries: 'tag',
        existing: 'keep',
      },
      verify: {
        mode: 'enforce',
        graceSeconds: 3600,
        policy: VENDOR_POLICY,
        overrides: [],
        trustRoot: { kind: 'public' },
      },
      registries: {},
      copy: { engine: 'registry', signatures: true, concurrency: 32 },
      timeouts: { silenceMs: 60_000, imageMs: 14_400_000, runMs: 86_400_000 },
      report: { besideMap: false },
    });
    assert.deepEqual(
      [releases.include, releases.exclude, releases.extra, releases.from.kind],
      [['*'], [], [], 'marketplace'],
    );
  });

  test('the API token comes from its usual variable if nothing else gives it', async () => {
    const text = MINIMAL.replace(', token: t0ken', '');
    const { releases } = await load(text, { env: { ATLAN_API_TOKEN: 'from-env' } });
    assert.equal(releases.from.kind === 'marketplace' && releases.from.token.reveal(), 'from-env');
    const own = await load(MINIMAL, { env: { ATLAN_API_TOKEN: 'from-env' } });
    assert.equal(
      own.releases.from.kind === 'marketplace' && own.releases.from.token.reveal(),
      't0ken',
    );
  });

  test('an empty token variable is no token', async () => {
    const text = MINIMAL.replace(', token: t0ken', '');
    assert.match(
      (await problems(text, { env: { ATLAN_API_TOKEN: '' } })).join('\n'),
      /^mirror\.yaml:1:\d+: releases\.token: missing: give token or tokenFile, or set .*ATLAN_API_TOKEN$/,
    );
  });
});

describe('finding the file', () => {
  const files = { '/etc/mirror.yaml': MINIMAL, '/srv/job/other.yaml': MINIMAL };

  test('MIRROR_CONFIG names it, --config wins over it', async () => {
    assert.equal(
      (await load(undefined, { files, env: { MIRROR_CONFIG: '/etc/mirror.yaml' } })).map.store,
      'file:/etc/image-map.yaml',
    );
    assert.equal(
      (await load(undefined, { files, path: 'other.yaml', env: { MIRROR_CONFIG: '/nowhere' } })).map
        .store,
      'file:/srv/job/image-map.yaml',
    );
  });

  test('one that was asked for must be there', async () => {
    assert.deepEqual(await problems(MINIMAL, { path: 'gone.yaml' }), [
      '--config: the configuration "gone.yaml" cannot be read: there is no such file (looked at /srv/job/gone.yaml)',
    ]);
    assert.deepEqual(await problems(MINIMAL, { env: { MIRROR_CONFIG: '/gone' } }), [
      'MIRROR_CONFIG: the configuration "/gone" cannot be read: there is no such file (looked at /gone)',
    ]);
  });

  test('without one, a message says where it was looked for and how to do without', async () => {
    assert.deepEqual(await problems(undefined), [
      'there is no mirror.yaml in /srv/job, and neither --config nor MIRROR_CONFIG names another file. Let mirror init write one, or do without and give --releases-url or --releases-file, --target, and --map.',
    ]);
  });
});

describe('the command line', () => {
  test('does without a file', async () => {
    const config = await load(undefined, {
      env: { ATLAN_API_TOKEN: 'secret' },
      overrides: {
        releasesUrl: 'https://acme.atlan.com',
        target: 'registry.example/{name}:{tag}',
        map: 'file:maps/image-map.yaml',
        include: ['teradata'],
        exclude: ['*-beta'],
        extra: ['atlanhq/x:1'],
        sourceRegistry: 'mirror.example',
        verify: 'warn',
        identitySubject: 'https://github.com/acme/x',
        identityIssuer: 'https://issuer.example',
        engine: 'skopeo',
        concurrency: '4',
        plainHttp: ['127.0.0.1:5000', 'localhost'],
      },
    });
    assert.deepEqual(config.releases.include, ['teradata']);
    assert.deepEqual(config.releases.exclude, ['*-beta']);
    assert.deepEqual(config.releases.extra, ['atlanhq/x:1']);
    assert.equal(config.map.store, 'file:/srv/job/maps/image-map.yaml');
    assert.equal(config.source.registry, 'mirror.example');
    assert.equal(config.verify.mode, 'warn');
    assert.deepEqual(config.verify.policy.identities, [
      { subject: 'https://github.com/acme/x', issuer: 'https://issuer.example' },
    ]);
    assert.deepEqual(config.copy, { engine: 'skopeo', signatures: true, concurrency: 4 });
    assert.deepEqual(config.registries, {
      '127.0.0.1:5000': { plainHttp: true },
      localhost: { plainHttp: true },
    });
  });

  test('wins over the file, and its paths start at the working folder', async () => {
    const { releases, map } = await load(undefined, {
      path: '/etc/mirror.yaml',
      files: { '/etc/mirror.yaml': MINIMAL, '/srv/job/releases.json': '{}' },
      overrides: { releasesFile: 'releases.json', map: 'file:here.yaml' },
    });
    assert.deepEqual(releases.from, { kind: 'file', path: '/srv/job/releases.json' });
    assert.equal(map.store, 'file:/srv/job/here.yaml');
  });

  test('takes texts as they are: the shell has expanded them', async () => {
    const { target } = await load(MINIMAL, {
      overrides: { target: 'registry.example/{name}:{tag}' },
    });
    assert.equal(target.image, 'registry.example/{name}:{tag}');
    assert.match(
      (
        await problems(MINIMAL, { overrides: { target: '${X}/{name}:{tag}' }, env: { X: 'a.b' } })
      )[0] ?? '',
      /^--target: target\.image: /,
    );
  });

  test('problems name the option', async () => {
    assert.deepEqual(
      await problems(MINIMAL, {
        overrides: {
          verify: 'enforec',
          concurrency: 'many',
          identitySubject: 'me',
          plainHttp: ['http://x.example'],
        },
      }),
      [
        '--verify: verify.mode: expected "enforce" or "warn" or "off", got "enforec"; did you mean "enforce"?',
        '--identity-subject: verify.identities[0]: needs either issuer or issuerPattern, and not both',
        '--plain-http: registries["http://x.example"]: "http://x.example" starts with a scheme: a reference starts with the host, without https://',
        '--concurrency: copy.concurrency: expected a number, got text',
      ],
    );
  });

  test('what it replaces in the file is not judged', async () => {
    const text = MINIMAL.replace('url: https://acme.atlan.com, token: t0ken', 'file: "${GONE}"');
    const config = await load(text, {
      env: { ATLAN_API_TOKEN: 'x' },
      overrides: { releasesUrl: 'https://acme.atlan.com' },
    });
    assert.equal(config.releases.from.kind, 'marketplace');
  });
});

describe('sections', () => {
  test('those that are not needed are not looked at', async () => {
    const text = `${MINIMAL.replace('t0ken', '"${UNSET}"')}registries: { x.example: { username: a } }`;
    const config = await load(text, { sections: ['map'] });
    assert.deepEqual(Object.keys(config), ['map']);
  });

  test('none is missing that is not needed', async () => {
    const config = await load(undefined, { sections: ['source', 'verify', 'registries'] });
    assert.deepEqual(Object.keys(config).sort(), ['registries', 'source', 'verify']);
  });
});

describe('secrets and files', () => {
  test('a File setting is read, without the line end of its last line', async () => {
    const { releases } = await load(MINIMAL.replace('token: t0ken', 'tokenFile: secret/token'), {
      files: { '/srv/job/secret/token': ' two\nlines \r\n' },
    });
    assert.equal(
      releases.from.kind === 'marketplace' && releases.from.token.reveal(),
      ' two\nlines ',
    );
  });

  test('nothing that prints a configuration prints a secret', async () => {
    const config = await load(
      `${MINIMAL}registries:
  registry.example: { username: u, passwordFile: /run/pw, cert: c.pem, key: "\${KEY}" }
`,
      {
        env: { KEY: PRIVATE_KEY },
        files: { '/run/pw': 'hunter2\n', '/srv/job/c.pem': CERTIFICATE },
      },
    );
    const own = config.registries['registry.example'];
    assert.equal(own?.password?.reveal(), 'hunter2');
    assert.equal(own?.cert, CERTIFICATE);
    assert.equal(own?.key?.reveal(), PRIVATE_KEY);
    assert.doesNotMatch(JSON.stringify(config), /hunter2|t0ken|PRIVATE KEY/);
  });

  test('PEM is read from a file or stands in its place', async () => {
    const { verify } = await load(
      `${MINIMAL}verify:
  keys:
    - { name: ours, pem: keys/cosign.pub, requireLog: false }
    - pem: |
${PUBLIC_KEY.replaceAll(/^/gm, '        ').trimEnd()}
`,
      { files: { '/srv/job/keys/cosign.pub': PUBLIC_KEY } },
    );
    assert.deepEqual(verify.policy, {
      identities: [],
      keys: [
        { name: 'ours', pem: PUBLIC_KEY, requireLog: false },
        { name: 'key 2', pem: PUBLIC_KEY, requireLog: true },
      ],
      require: { signatures: 1, attestations: [] },
    });
  });

  test('trust roots: public, a file, a TUF repository', async () => {
    const files = { '/srv/job/root.json': '{}' };
    const rootOf = async (setting: string): Promise<unknown> =>
      (await load(`${MINIMAL}verify: { trustRoot: ${setting} }`, { files })).verify.trustRoot;
    assert.deepEqual(await rootOf('public'), { kind: 'public' });
    assert.deepEqual(await rootOf('root.json'), { kind: 'file', path: '/srv/job/root.json' });
    assert.deepEqual(await rootOf('{ url: https://tuf.example, rootFile: root.json }'), {
      kind: 'tuf',
      url: 'https://tuf.example',
      rootFile: '/srv/job/root.json',
    });
  });
});

describe('policies', () => {
  const identity = '{ subject: me, issuer: https://issuer.example }';

  test('who names signers means these alone', async () => {
    const { verify } = await load(`${MINIMAL}verify: { identities: [${identity}] }`);
    assert.deepEqual(verify.policy.identities, [
      { subject: 'me', issuer: 'https://issuer.example' },
    ]);
    assert.deepEqual(verify.policy.keys, []);
  });

  test('an override replaces signers or requirements, and keeps the rest', async () => {
    const { verify } = await load(`${MINIMAL}verify:
  require: [{ attestation: https://slsa.dev/provenance/v1 }]
  overrides:
    - { match: a/*, identities: [${identity}] }
    - { match: b/*, require: all }
`);
    const [a, b] = verify.overrides;
    assert.deepEqual(a?.policy.identities, [{ subject: 'me', issuer: 'https://issuer.example' }]);
    assert.equal(a?.policy.require.attestations.length, 1);
    assert.deepEqual(b?.policy.identities, VENDOR_POLICY.identities);
    assert.deepEqual(b?.policy.require, { signatures: 'all', attestations: [] });
  });
});

describe('requirements', () => {
  const SLSA = 'https://slsa.dev/provenance/v1';
  const cases: readonly (readonly [string, SignaturePolicy['require']])[] = [
    ['2', { signatures: 2, attestations: [] }],
    ['all', { signatures: 'all', attestations: [] }],
    ['"${COUNT}"', { signatures: 3, attestations: [] }],
    ['[]', { signatures: 1, attestations: [] }],
    [
      `[{ attestation: ${SLSA}, builderId: b, sourceRepository: https://s.example }]`,
      {
        signatures: 1,
        attestations: [
          { predicateType: SLSA, builderId: 'b', sourceRepository: 'https://s.example' },
        ],
      },
    ],
    [
      `[{ signatures: all }, { attestation: ${SLSA} }, { attestation: t }]`,
      { signatures: 'all', attestations: [{ predicateType: SLSA }, { predicateType: 't' }] },
    ],
  ];
  for (const [written, expected] of cases) {
    test(written, async () => {
      const anybody = '[{ subjectPattern: .*, issuer: https://issuer.example }]';
      const text = `${MINIMAL}verify: { identities: ${anybody}, require: ${written} }`;
      const { verify } = await load(text, { env: { COUNT: '3' } });
      assert.deepEqual(verify.policy.require, expected);
    });
  }
});

test('hosts get their canonical spelling', async () => {
  const { registries, source } = await load(
    `${MINIMAL}source: { registry: index.docker.io }
registries: { Registry.Example: { plainHttp: true }, index.docker.io: { plainHttp: false } }`,
  );
  assert.deepEqual(Object.keys(registries), ['registry.example', 'docker.io']);
  assert.equal(source.registry, 'docker.io');
});

test('numbers and booleans may come from the environment', async () => {
  const { copy } = await load(
    `${MINIMAL}copy: { concurrency: "\${N}", signatures: "\${S:-false}" }`,
    {
      env: { N: '7' },
    },
  );
  assert.deepEqual(copy, { engine: 'registry', signatures: false, concurrency: 7 });
  assert.deepEqual(await problems(`${MINIMAL}copy: { concurrency: "7" }`), [
    'mirror.yaml:4:22: copy.concurrency: expected a number, got text',
  ]);
});
