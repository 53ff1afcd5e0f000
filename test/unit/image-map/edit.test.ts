import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, MapStoreError } from '../../../src/errors.ts';
import { setEntries } from '../../../src/image-map/edit.ts';
import { parseImageMap } from '../../../src/image-map/image-map.ts';

const A = { key: 'atlanhq/a:1', value: 'reg.example/a:1' };
const B = { key: 'atlanhq/b', value: 'reg.example/b' };

/** One edit per case: the text, what is set, and every byte of what comes out. */
const cases: readonly {
  readonly name: string;
  readonly text: string;
  readonly set?: readonly { readonly key: string; readonly value: string }[];
  readonly expected: string;
}[] = [
  {
    name: 'adds after the last entry, before what follows it',
    text: 'images:\n  # ours\n  "x/y:1": "r.io/y:1"  # approved\n  # spare\n\n# release notes\nrelease:\n  name: r\n',
    expected:
      'images:\n  # ours\n  "x/y:1": "r.io/y:1"  # approved\n  "atlanhq/a:1": "reg.example/a:1"\n  "atlanhq/b": "reg.example/b"\n  # spare\n\n# release notes\nrelease:\n  name: r\n',
  },
  {
    name: 'replaces only the value, whatever its quoting',
    text: "images:\n  atlanhq/a:1: 'old.example/a:1' # c\n  'atlanhq/b':   old.example/b   # d\n",
    expected:
      'images:\n  atlanhq/a:1: "reg.example/a:1" # c\n  \'atlanhq/b\':   "reg.example/b"   # d\n',
  },
  {
    name: 'keeps the key’s own spelling',
    text: 'images:\n  docker.io/atlanhq/a:1: x.example/a:1\n  index.docker.io/atlanhq/b: x.example/b\n',
    expected:
      'images:\n  docker.io/atlanhq/a:1: "reg.example/a:1"\n  index.docker.io/atlanhq/b: "reg.example/b"\n',
  },
  {
    name: 'replaces all spellings of one key',
    text: 'images:\n  atlanhq/a:1: x.example/a\n  docker.io/atlanhq/a:1: x.example/a\n',
    set: [A],
    expected:
      'images:\n  atlanhq/a:1: "reg.example/a:1"\n  docker.io/atlanhq/a:1: "reg.example/a:1"\n',
  },
  {
    name: 'CRLF',
    text: 'images:\r\n  "x/y:1": "r.io/y:1"\r\nrelease: {}\r\n',
    set: [A],
    expected:
      'images:\r\n  "x/y:1": "r.io/y:1"\r\n  "atlanhq/a:1": "reg.example/a:1"\r\nrelease: {}\r\n',
  },
  {
    name: 'a byte order mark and no final line break',
    text: '\uFEFFimages:\n    x/y:1: r.io/y:1',
    set: [A],
    expected: '\uFEFFimages:\n    x/y:1: r.io/y:1\n    "atlanhq/a:1": "reg.example/a:1"\n',
  },
  {
    name: 'odd indentation of everything',
    text: '  release: 1\n  images:\n         x/y:1: r.io/y:1\n',
    set: [A],
    expected:
      '  release: 1\n  images:\n         x/y:1: r.io/y:1\n         "atlanhq/a:1": "reg.example/a:1"\n',
  },
  {
    name: 'no images key, comments at the end',
    text: 'release:\n  name: r\n# the end',
    set: [A],
    expected: 'release:\n  name: r\n# the end\nimages:\n  "atlanhq/a:1": "reg.example/a:1"\n',
  },
  {
    name: 'no images key before a document end',
    text: '---\nrelease: 1\n...\n# after\n',
    set: [A],
    expected: '---\nrelease: 1\nimages:\n  "atlanhq/a:1": "reg.example/a:1"\n...\n# after\n',
  },
  {
    name: 'only comments',
    text: '# ours\n',
    set: [A],
    expected: '# ours\nimages:\n  "atlanhq/a:1": "reg.example/a:1"\n',
  },
  {
    name: 'images without a value, its comments stay on top',
    text: 'images: # see wiki\n\n    # Quote keys and values.\n\n# release\nrelease: 1\n',
    set: [A],
    expected:
      'images: # see wiki\n\n    # Quote keys and values.\n    "atlanhq/a:1": "reg.example/a:1"\n\n# release\nrelease: 1\n',
  },
  {
    name: 'images without a value at the very end',
    text: 'images:',
    set: [A],
    expected: 'images:\n  "atlanhq/a:1": "reg.example/a:1"\n',
  },
  {
    name: 'images: null with a comment',
    text: 'images: null # none yet\nrelease: 1\n',
    set: [A],
    expected: 'images:  # none yet\n  "atlanhq/a:1": "reg.example/a:1"\nrelease: 1\n',
  },
  {
    name: 'images: ~ without a line break',
    text: 'images: ~',
    set: [A],
    expected: 'images:\n  "atlanhq/a:1": "reg.example/a:1"\n',
  },
  {
    name: 'images: {}',
    text: 'images: {}\nrelease: 1\n',
    set: [A, B],
    expected:
      'images:\n  "atlanhq/a:1": "reg.example/a:1"\n  "atlanhq/b": "reg.example/b"\nrelease: 1\n',
  },
  {
    name: 'braces with entries on one line',
    text: 'images: {x/y: r.io/y, atlanhq/a:1 : z.io/a}  # c\n',
    expected:
      'images: {x/y: r.io/y, atlanhq/a:1 : "reg.example/a:1", "atlanhq/b": "reg.example/b"}  # c\n',
  },
  {
    name: 'braces with a trailing comma',
    text: 'images: {x/y: r.io/y, }\n',
    expected:
      'images: {x/y: r.io/y, "atlanhq/a:1": "reg.example/a:1", "atlanhq/b": "reg.example/b", }\n',
  },
  {
    name: 'braces over lines, comments with commas in them',
    text: 'images: {\n    # first, and only\n    "x/y": "r.io/y" # one, two\n  }\n',
    expected:
      'images: {\n    # first, and only\n    "x/y": "r.io/y", # one, two\n    "atlanhq/a:1": "reg.example/a:1",\n    "atlanhq/b": "reg.example/b"\n  }\n',
  },
  {
    name: 'braces over CRLF lines with a trailing comma',
    text: 'images: {\r\n  "x/y": "r.io/y",\r\n}\r\n',
    set: [A],
    expected: 'images: {\r\n  "x/y": "r.io/y",\r\n  "atlanhq/a:1": "reg.example/a:1",\r\n}\r\n',
  },
  {
    name: 'empty braces with a comment in them',
    text: 'images: { # none\n}\n',
    set: [A],
    expected: 'images: {"atlanhq/a:1": "reg.example/a:1" # none\n}\n',
  },
  {
    name: 'JSON',
    text: '{\n  "images": {\n    "atlanhq/a:1": "z.io/a:1"\n  },\n  "release": {"name": "r"}\n}\n',
    expected:
      '{\n  "images": {\n    "atlanhq/a:1": "reg.example/a:1",\n    "atlanhq/b": "reg.example/b"\n  },\n  "release": {"name": "r"}\n}\n',
  },
  {
    name: 'JSON without images',
    text: '{"release": {"name": "r"}}',
    set: [A],
    expected: '{"release": {"name": "r"}, "images": {"atlanhq/a:1": "reg.example/a:1"}}',
  },
  {
    name: 'JSON with null images',
    text: '{"images": null}',
    set: [A],
    expected: '{"images": {"atlanhq/a:1": "reg.example/a:1"}}',
  },
  {
    name: 'JSON that is empty',
    text: '{}',
    set: [A],
    expected: '{"images": {"atlanhq/a:1": "reg.example/a:1"}}',
  },
  {
    name: 'anchors and tags before keys and values',
    text: 'images: &m\n  &k atlanhq/a:1: !!str &v old.io/a:1\n  x/y: r.io/y\n',
    expected:
      'images: &m\n  &k atlanhq/a:1: !!str &v "reg.example/a:1"\n  x/y: r.io/y\n  "atlanhq/b": "reg.example/b"\n',
  },
  {
    name: 'explicit keys',
    text: '? images\n: ? atlanhq/a:1\n  : old.io/a:1\n',
    expected: '? images\n: ? atlanhq/a:1\n  : "reg.example/a:1"\n  "atlanhq/b": "reg.example/b"\n',
  },
  {
    name: 'a value that is an alias becomes a value of its own',
    text: 'images:\n  x/y:1: &v r.io/y:1\n  atlanhq/a:1: *v # same\n',
    set: [A],
    expected: 'images:\n  x/y:1: &v r.io/y:1\n  atlanhq/a:1: "reg.example/a:1" # same\n',
  },
  {
    name: 'a folded value between others, its comment kept',
    text: 'images:\n  atlanhq/a:1: >- # why\n    old.io/a:1\n\n  # x\n  x/y: r.io/y\n',
    set: [A],
    expected: 'images:\n  atlanhq/a:1: "reg.example/a:1" # why\n\n  # x\n  x/y: r.io/y\n',
  },
  {
    name: 'a literal value that stands last',
    text: 'images:\n  x/y: |-\n    r.io/y\n\nrelease: 1\n',
    set: [A],
    expected: 'images:\n  x/y: |-\n    r.io/y\n  "atlanhq/a:1": "reg.example/a:1"\n\nrelease: 1\n',
  },
  {
    name: 'a literal value followed by lines of spaces',
    text: 'images:\n  atlanhq/a:1: |-\n    old.io/a:1\n  \n \n',
    expected: 'images:\n  atlanhq/a:1: "reg.example/a:1"\n  "atlanhq/b": "reg.example/b"\n  \n \n',
  },
  {
    name: 'a value on the line below its key',
    text: 'images:\n  atlanhq/a:1:\n    # here\n    old.io/a:1\n',
    expected:
      'images:\n  atlanhq/a:1:\n    # here\n    "reg.example/a:1"\n  "atlanhq/b": "reg.example/b"\n',
  },
];

describe('setEntries', () => {
  for (const { name, text, set = [A, B], expected } of cases) {
    test(name, () => {
      const edited = setEntries(text, set);
      assert.equal(edited, expected);
      for (const { key, value } of set) {
        assert.equal(parseImageMap(edited).entry(key)?.value, value);
      }
      assert.equal(setEntries(edited, set), edited, 'a second time changes nothing');
    });
  }

  for (const text of [undefined, '', '\uFEFF']) {
    test(`begins a commented map in ${JSON.stringify(text)}`, () => {
      const begun = setEntries(text, [A]);
      assert.ok(begun.startsWith(text ?? ''));
      assert.match(begun, /^\uFEFF?# Where each announced image is pulled from\.\n/);
      assert.match(
        begun,
        /\nimages:\n {2}# Quote keys.*\n {2}"atlanhq\/a:1": "reg\.example\/a:1"\n$/,
      );
      assert.deepEqual(parseImageMap(begun).entries, [A]);
    });
  }

  test('nothing to set is the very same text, and no map stays none', () => {
    const text = 'images: {}  \n\n\n# x';
    assert.equal(setEntries(text, []), text);
    assert.equal(setEntries(undefined, []), '');
    assert.equal(
      setEntries('images:\n  docker.io/atlanhq/a:1: reg.example/a:1', [A]).endsWith('/a:1'),
      true,
    );
  });

  test('refuses an entry that is none, and two that contradict each other', () => {
    const set =
      (...entries: (typeof A)[]) =>
      () =>
        setEntries('images: {}', entries);
    assert.throws(set({ key: 'UPPER', value: 'r.io/x' }), ConfigError);
    assert.throws(set({ key: 'a/b:1', value: 'r.io/x\ninjected: true' }), ConfigError);
    assert.throws(set({ key: 'a/b', value: 'r.io/x:1' }), ConfigError);
    assert.throws(set(A, { key: `docker.io/${A.key}`, value: 'r.io/other:1' }), /both/);
    assert.doesNotThrow(set(A, { ...A, key: `docker.io/${A.key}` }));
  });

  test('refuses an invalid map, naming it', () => {
    assert.throws(
      () => setEntries('images: [\n', [A], 's3://b/map.yaml'),
      (error) =>
        error instanceof MapStoreError &&
        error.code === 'MAP_INVALID' &&
        error.message.includes('s3://b/map.yaml:2:1: '),
    );
  });

  for (const [name, text] of [
    ['a value that something else refers to', 'images:\n  atlanhq/a:1: &v old.io/a:1\nx: *v\n'],
    ['entries that something else refers to', 'images: &i\n  x/y: r.io/y\nx: *i\n'],
    ['a root that is null in so many words', '~\n'],
    ['a key without a colon', '? images\n'],
  ] as const) {
    test(`refuses rather than change what else is said: ${name}`, () => {
      assert.throws(
        () => setEntries(text, [A], 'map'),
        (error) =>
          error instanceof MapStoreError && /^map:\d+: .*cannot be edited/.test(error.message),
      );
    });
  }
});
