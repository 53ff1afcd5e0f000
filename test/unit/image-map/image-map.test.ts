import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { ConfigError, MapStoreError } from '../../../src/errors.ts';
import { parseImageMap } from '../../../src/image-map/image-map.ts';

const VENDOR_EXAMPLE = `images:
  # Quote keys and values — they contain colons.
  "atlanhq/atlan-teradata-app": "registry.mycompany.com/atlan/atlan-teradata-app"
  "atlanhq/atlan-teradata-app:3.1.4": "registry.mycompany.com/atlan/teradata:3.1.4-approved"
release:                          # optional, for an externally managed Helm release
  name: my-sdr-release            # overrides atlan-sdr-<deployment_name>
  storage_namespace: flux-system
`;
const DIGEST = `sha256:${'a'.repeat(64)}`;

function problemsOf(text: string): string {
  try {
    parseImageMap(text, 'map');
  } catch (error) {
    assert.ok(error instanceof MapStoreError);
    assert.equal(error.code, 'MAP_INVALID');
    return error.message.slice(error.message.indexOf('\n') + 1);
  }
  return assert.fail(`accepted ${JSON.stringify(text)}`);
}

describe('resolve', () => {
  const map = parseImageMap(VENDOR_EXAMPLE);

  test('an exact entry wins, its value used verbatim', () => {
    assert.deepEqual(map.resolve('atlanhq/atlan-teradata-app:3.1.4'), {
      rule: 'exact',
      key: 'atlanhq/atlan-teradata-app:3.1.4',
      reference: 'registry.mycompany.com/atlan/teradata:3.1.4-approved',
    });
  });

  test('otherwise the repository entry, the tag appended unchanged', () => {
    assert.deepEqual(map.resolve('atlanhq/atlan-teradata-app:main-ab12cd3'), {
      rule: 'repository',
      key: 'atlanhq/atlan-teradata-app',
      reference: 'registry.mycompany.com/atlan/atlan-teradata-app:main-ab12cd3',
    });
  });

  test('otherwise the reference as it came', () => {
    assert.deepEqual(map.resolve('atlanhq/other:1'), {
      rule: 'unchanged',
      reference: 'atlanhq/other:1',
    });
  });

  for (const prefix of ['', 'docker.io/', 'index.docker.io/']) {
    test(`Docker Hub spelled "${prefix}" is the same in reference and key`, () => {
      assert.equal(map.resolve(`${prefix}atlanhq/atlan-teradata-app:3.1.4`).rule, 'exact');
      const spelled = parseImageMap(`images: {"${prefix}atlanhq/x": "reg.example/x"}`);
      assert.deepEqual(spelled.resolve('docker.io/atlanhq/x:1'), {
        rule: 'repository',
        key: `${prefix}atlanhq/x`,
        reference: 'reg.example/x:1',
      });
    });
  }

  test('a registry that only ends like Docker Hub is another one', () => {
    assert.equal(map.resolve('evildocker.io/atlanhq/atlan-teradata-app:1').rule, 'unchanged');
  });

  test('a digest is appended like a tag, and never dropped for an entry of the tag', () => {
    assert.equal(
      map.resolve(`atlanhq/atlan-teradata-app:3.1.4@${DIGEST}`).reference,
      `registry.mycompany.com/atlan/atlan-teradata-app:3.1.4@${DIGEST}`,
    );
    assert.equal(
      map.resolve(`atlanhq/atlan-teradata-app@${DIGEST}`).reference,
      `registry.mycompany.com/atlan/atlan-teradata-app@${DIGEST}`,
    );
  });

  test('an entry for a digest is exact', () => {
    const pinned = parseImageMap(`images: {"a/b@${DIGEST}": "reg.example/b:golden"}`);
    assert.equal(pinned.resolve(`a/b@${DIGEST}`).reference, 'reg.example/b:golden');
  });

  test('a bare repository finds the entry of the repository', () => {
    const found = map.resolve('atlanhq/atlan-teradata-app');
    assert.equal(found.rule, 'repository');
    assert.equal(found.reference, 'registry.mycompany.com/atlan/atlan-teradata-app');
  });

  test('what is not a reference is an error, not "unchanged"', () => {
    assert.throws(() => map.resolve('atlanhq/UPPER:1'), ConfigError);
  });

  test('entry() tells a tag from its repository', () => {
    assert.equal(map.entry('docker.io/atlanhq/atlan-teradata-app:3.1.3'), undefined);
    assert.equal(
      map.entry('docker.io/atlanhq/atlan-teradata-app')?.key,
      'atlanhq/atlan-teradata-app',
    );
  });
});

describe('an empty map', () => {
  for (const text of [
    '',
    '\n',
    '# nothing yet\n',
    '\uFEFF',
    '---\n',
    'images:\n',
    'images: {}\n',
    'images: ~',
    'release: {name: x}\n',
  ]) {
    test(JSON.stringify(text), () => {
      assert.deepEqual(parseImageMap(text).entries, []);
    });
  }
});

describe('other people’s keys', () => {
  test('are let be, whatever they hold', () => {
    const text =
      'x-ours: &o {1: [a, b], ? [k] : v}\nalso: *o\nnote: !ours text\nimages: {"a/b:1": "reg.example/b:1"}\n';
    assert.equal(parseImageMap(text).entries.length, 1);
  });
});

describe('an invalid map is refused with line and column', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['broken YAML', 'images:\n  "a/b:1": "x\n', /^map:\d+:\d+: /],
    ['tabs', 'images:\n\t"a/b:1": "x/y:1"\n', /^map:2:1: .*[Tt]abs/],
    [
      'the same key twice',
      'images:\n  "a/b:1": "r.io/b:1"\n  "a/b:1": "r.io/b:1"\n',
      /^map:3:3: .*unique/,
    ],
    [
      'two spellings with different values',
      'images:\n  "a/b:1": "r.io/b:1"\n  "docker.io/a/b:1": "r.io/b:2"\n',
      /^map:3:3: "docker\.io\/a\/b:1" and "a\/b:1" are the same reference/,
    ],
    [
      'a key that is no reference',
      'images:\n  "A b": "r.io/b:1"\n',
      /^map:2:3: "A b" is not an image reference/,
    ],
    ['a key that is a number', 'images:\n  1: "r.io/b:1"\n', /^map:2:3: a key must be/],
    ['a key that is a list', 'images:\n  [a]: "r.io/b:1"\n', /^map:2:3: a key must be/],
    [
      'a value that is no reference',
      'images:\n  "a/b:1": "r.io/b:1 "\n',
      /^map:2:12: "r\.io\/b:1 " is not/,
    ],
    [
      'a value that is missing',
      'images:\n  "a/b:1":\n',
      /^map:2:\d+: the value of "a\/b:1" must be/,
    ],
    ['a value that is a list', 'images:\n  "a/b:1": [x]\n', /^map:2:12: the value of/],
    ['an unquoted value that is a number', 'images:\n  "a/b:1": 3.1\n', /^map:2:12: the value of/],
    [
      'a repository sent to a tag',
      'images:\n  "a/b": "r.io/b:1"\n',
      /^map:2:10: "a\/b" names a repository, so the announced tag is appended/,
    ],
    ['images as a list', 'images:\n  - a/b:1\n', /^map:2:3: "images:" must hold entries/],
    ['images as text', 'images: hello\n', /^map:1:9: "images:" must hold entries/],
    ['images as an alias', 'x: &x {}\nimages: *x\n', /^map:2:9: "images:" must hold entries/],
    ['a list', '- a\n', /^map:1:1: the file must be a mapping/],
    ['text', 'hello\n', /^map:1:1: the file must be a mapping/],
    ['two documents', 'images:\n---\nimages:\n', /^map:2:1: a second YAML document/],
    ['a merge key in images', 'images:\n  <<: {"a/b:1": "r.io/b:1"}\n', /^map:2:3: merge keys/],
    ['a merge key beside images', 'x: &x {images: {}}\n<<: *x\n', /^map:2:1: merge keys/],
    ['a YAML 1.1 merge key', '%YAML 1.1\n---\nimages:\n  <<: {}\n', /^map:4:3: merge keys/],
    ['an alias to nothing', 'images:\n  "a/b:1": *nothing\n', /^map:2:12: /],
    ['an alias to nothing elsewhere', 'x: *nothing\n', /^map:1:4: "\*nothing" refers/],
    ['images twice', 'images: {}\nimages: {}\n', /^map:2:1: .*unique/],
  ];
  for (const [name, text, expected] of cases) {
    test(name, () => assert.match(problemsOf(text), expected));
  }

  test('an alias to a reference is a value like any other', () => {
    const map = parseImageMap('images:\n  "a/b:1": &v "r.io/b:1"\n  "a/b:2": *v\n');
    assert.equal(map.resolve('a/b:2').reference, 'r.io/b:1');
  });

  test('a bomb of aliases', () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) =>
        `l${i}: &l${i} [${Array.from({ length: 9 }, () => (i === 0 ? 'x' : `*l${i - 1}`)).join(',')}]`,
    );
    assert.match(problemsOf(levels.join('\n')), /^map:1:1: .*alias/);
  });

  test('nesting that would keep the parser busy for minutes', () => {
    for (const deep of [`${'['.repeat(200_000)}${']'.repeat(200_000)}`, '- '.repeat(200_000)]) {
      assert.match(problemsOf(`x:\n  ${deep}`), /^map:1:1: .*nested deeper than 64/);
    }
  });

  test('nesting that exhausts the stack', () => {
    const lines = Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}a:`);
    assert.match(problemsOf(lines.join('\n')), /^map:\d+:\d+: .*stack/);
  });

  test('all problems at once, in the order of the file', () => {
    const text = 'images:\n  "A": "r.io/b:1"\n  "a/b:1": "?"\n  "c/d": "r.io/d:1"\n';
    assert.deepEqual(
      problemsOf(text)
        .split('\n')
        .map((line) => line.split(': ')[0]),
      ['map:2:3', 'map:3:12', 'map:4:10'],
    );
  });
});

test('any text is a map or a MAP_INVALID', () => {
  const piece = fc.constantFrom(
    ...'images: "a/b:1" "r.io/b:1" { } [ ] , # &a *a | > - ? ~ !!str << --- ... %YAML 1.1 \' \\'
      .split(' ')
      .concat(':', ' ', '  ', '\n', '\t', '\r', '\0'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        parseImageMap(pieces.join(''));
      } catch (error) {
        assert.ok(error instanceof MapStoreError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});
