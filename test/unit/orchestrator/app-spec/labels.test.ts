import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  assert as check,
  constantFrom,
  integer,
  option,
  property,
  record,
  string,
  stringMatching,
  type Arbitrary,
} from 'fast-check';
import { ConfigError } from '../../../../src/errors.ts';
import {
  formatLabels,
  ownedBy,
  parseLabels,
  type ContainerLabels,
  type Role,
} from '../../../../src/orchestrator/app-spec/labels.ts';
import { atDigest, type Digest, type DigestReference } from '../../../../src/registry/reference.ts';

const DIGEST: Digest = `sha256:${'a'.repeat(64)}`;
const OTHER: Digest = `sha256:${'b'.repeat(64)}`;

const KNOWN: ContainerLabels = {
  deployment: 'prod',
  role: 'app',
  app: 'teradata',
  version: '3.1.4',
  source: 'atlanhq/atlan-teradata-app:3.1.4',
  image: atDigest({ registry: 'registry.mycompany.com', repository: 'atlan/teradata' }, DIGEST),
  commandId: 'install-1',
  generation: 2,
  specHash: '0123',
  mapRevision: '"etag"',
  previous: {
    version: '3.1.3',
    source: 'atlanhq/atlan-teradata-app:3.1.3',
    image: atDigest({ registry: 'registry.mycompany.com', repository: 'atlan/teradata' }, OTHER),
  },
  held: 'atlanhq/atlan-teradata-app:3.1.5',
};

const PREFIX = 'sdr-orchestrator.';
const WRITTEN = formatLabels(KNOWN);

describe('labels', () => {
  test('say all that is known, in words', () => {
    assert.deepEqual(WRITTEN, {
      'sdr-orchestrator.managed': 'true',
      'sdr-orchestrator.deployment': 'prod',
      'sdr-orchestrator.role': 'app',
      'sdr-orchestrator.app': 'teradata',
      'sdr-orchestrator.version': '3.1.4',
      'sdr-orchestrator.source': 'atlanhq/atlan-teradata-app:3.1.4',
      'sdr-orchestrator.image': `registry.mycompany.com/atlan/teradata@${DIGEST}`,
      'sdr-orchestrator.digest': DIGEST,
      'sdr-orchestrator.op': 'install-1',
      'sdr-orchestrator.generation': '2',
      'sdr-orchestrator.spec-hash': '0123',
      'sdr-orchestrator.map-revision': '"etag"',
      'sdr-orchestrator.previous.version': '3.1.3',
      'sdr-orchestrator.previous.source': 'atlanhq/atlan-teradata-app:3.1.3',
      'sdr-orchestrator.previous.image': `registry.mycompany.com/atlan/teradata@${OTHER}`,
      'sdr-orchestrator.held': 'atlanhq/atlan-teradata-app:3.1.5',
    });
  });

  test('are read back, beside those of the image and of others', () => {
    assert.deepEqual(
      parseLabels({ ...WRITTEN, maintainer: 'x', 'sdr-orchestrator.new': 'y' }),
      KNOWN,
    );
  });

  test('are read back whatever they say', () => {
    check(
      property(known(), (labels) => {
        assert.deepEqual(parseLabels(formatLabels(labels)), labels);
      }),
    );
  });

  test('of others are nobody of ours', () => {
    for (const labels of [
      {},
      { 'com.docker.compose.project': 'x' },
      { [`${PREFIX}managed`]: 'false' },
      { [`${PREFIX}app`]: 'teradata' },
    ]) {
      assert.equal(parseLabels(labels), undefined);
    }
  });

  for (const [name, value] of [
    ['deployment', undefined],
    ['app', ''],
    ['role', 'king'],
    ['image', undefined],
    ['image', 'registry.mycompany.com/x:1'],
    ['image', 'NOT AN IMAGE'],
    ['digest', OTHER],
    ['generation', 'second'],
    ['generation', '1e400'],
    ['generation', '9'.repeat(20)],
    ['op', undefined],
    ['spec-hash', undefined],
    ['previous.source', undefined],
    ['previous.image', 'x'],
  ] as const) {
    test(`that were changed are refused: ${name} is ${value ?? 'gone'}`, () => {
      const { [`${PREFIX}${name}`]: _, ...rest } = WRITTEN;
      const labels = value === undefined ? rest : { ...rest, [`${PREFIX}${name}`]: value };
      assert.throws(
        () => parseLabels(labels),
        (error) => error instanceof ConfigError && error.message.includes(`${PREFIX}${name}`),
      );
    });
  }
});

describe('what is looked for', () => {
  test('always names the deployment', () => {
    assert.deepEqual(ownedBy('prod'), {
      'sdr-orchestrator.managed': 'true',
      'sdr-orchestrator.deployment': 'prod',
    });
    assert.deepEqual(ownedBy('prod', { role: 'app', app: 'teradata' }), {
      'sdr-orchestrator.managed': 'true',
      'sdr-orchestrator.deployment': 'prod',
      'sdr-orchestrator.role': 'app',
      'sdr-orchestrator.app': 'teradata',
    });
  });

  test('is what a container of ours carries', () => {
    const wanted = ownedBy('prod', { role: 'app', app: 'teradata' });
    assert.deepEqual({ ...WRITTEN, ...wanted }, WRITTEN);
  });
});

function known(): Arbitrary<ContainerLabels> {
  const text = string({ unit: 'binary', minLength: 1, maxLength: 20 });
  return record(
    {
      deployment: text,
      role: constantFrom<Role[]>('app', 'orchestrator'),
      app: text,
      version: text,
      source: text,
      image: image(),
      commandId: text,
      generation: integer({ min: 0 }),
      specHash: text,
      mapRevision: text,
      previous: record({ version: text, source: text, image: image() }, { noNullPrototype: true }),
      held: text,
    },
    {
      noNullPrototype: true,
      requiredKeys: [
        'deployment',
        'role',
        'app',
        'version',
        'source',
        'image',
        'commandId',
        'generation',
        'specHash',
      ],
    },
  );
}

function image(): Arbitrary<DigestReference> {
  const host = option(stringMatching(/^[a-z]{1,3}\.example$/), { nil: 'docker.io' });
  return record({
    registry: host,
    repository: stringMatching(/^[a-z]{1,4}\/[a-z]{1,4}$/),
    hex: constantFrom('a', 'b', '0').map((digit) => digit.repeat(64)),
  }).map(({ hex, ...repository }) => atDigest(repository, `sha256:${hex}`));
}
