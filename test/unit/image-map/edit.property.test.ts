import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { setEntries, type MapEntry } from '../../../src/image-map/edit.ts';
import { parseImageMap } from '../../../src/image-map/image-map.ts';

const entry: fc.Arbitrary<MapEntry> = fc
  .record({
    prefix: fc.constantFrom('', 'docker.io/', 'index.docker.io/', 'ghcr.io/'),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'teradata', 'x_y', 'long-name.z'),
    tag: fc.constantFrom('', ':1', ':3.1.4', ':main-ab12cd3'),
    host: fc.constantFrom('r.io', 'r.corp:5000', 'localhost'),
  })
  .map(({ prefix, name, tag, host }) => ({
    key: `${prefix}atlanhq/${name}${tag}`,
    value: `${host}/approved/${name}${tag === '' ? '' : `${tag}-ok`}`,
  }));

/** Written apart from the product's own, to be able to disagree with it. */
function identity(key: string): string {
  return key.replace(/^(?:index\.)?docker\.io\//, '');
}

const entries = fc.uniqueArray(entry, {
  minLength: 1,
  maxLength: 8,
  selector: ({ key }) => identity(key),
});

const quote = fc.constantFrom('', "'", '"');
const noise = fc.constantFrom([], [''], ['# note'], ['  # indented: {"a": b}', ''], ['   ', '#']);
const trailer = fc.constantFrom('', ' # approved by "us"', '   #x', '  ');
const release = ['release:', '  name: r  # keep', '  storage_namespace: "flux"'];
const other = fc.constantFrom(
  [],
  ['x-list: &l', '- 1', '-   two', 'x-again: *l'],
  ['note: >', '  folded', '  text', '', '  more'],
  ['"quoted key" : {flow: [1, 2,], }'],
);

interface Line extends MapEntry {
  readonly text: { readonly key: string; readonly value: string };
  readonly colon: string;
  readonly noise: readonly string[];
  readonly trailer: string;
}

const line: fc.Arbitrary<Omit<Line, keyof MapEntry | 'text'> & { key: string; value: string }> =
  fc.record({
    key: quote,
    value: quote,
    colon: fc.constantFrom(': ', ':   ', ' : '),
    noise,
    trailer,
  });

/** A map as people write it: entries of many styles between other keys, comments, blank lines. */
const writtenMap = fc.record({
  lines: entries.chain((list) =>
    fc.tuple(...list.map(() => line)).map((styles) =>
      list.map(({ key, value }, i): Line => {
        const style = styles[i]!;
        const text = {
          key: `${style.key}${key}${style.key}`,
          value: `${style.value}${value}${style.value}`,
        };
        return { ...style, key, value, text };
      }),
    ),
  ),
  head: fc.tuple(fc.constantFrom('', '\uFEFF'), fc.constantFrom([], ['---'], ['# top', '']), other),
  tail: fc.tuple(noise, fc.constantFrom([], release), noise),
  indent: fc.integer({ min: 1, max: 5 }),
  layout: fc.constantFrom('lines', 'braces', 'one line'),
  eol: fc.constantFrom('\n', '\r\n'),
  isEnded: fc.boolean(),
});
type WrittenMap = typeof writtenMap extends fc.Arbitrary<infer T> ? T : never;

/** The text of a map whose entries have been set: by construction, not by editing. */
function render(map: WrittenMap, set: readonly MapEntry[] = []): string {
  const wanted = new Map(set.map((item) => [identity(item.key), item]));
  const old = map.lines.map(({ key, value, text, colon }) => {
    const item = wanted.get(identity(key));
    wanted.delete(identity(key));
    const isSame = item === undefined || item.value === value;
    return `${text.key}${colon}${isSame ? text.value : `"${item.value}"`}`;
  });
  const added = [...wanted.values()].map(({ key, value }) => `"${key}": "${value}"`);
  const indent = ' '.repeat(map.indent);
  const decorated = (item: string, i: number, comma: string): string[] => [
    ...map.lines[i]!.noise,
    `${indent}${item}${comma}${map.lines[i]!.trailer}`,
  ];
  const images = {
    lines: () => [
      'images:',
      ...old.flatMap((item, i) => decorated(item, i, '')),
      ...added.map((item) => `${indent}${item}`),
    ],
    braces: () => [
      'images: {',
      ...old.flatMap((item, i) => decorated(item, i, i < old.length + added.length - 1 ? ',' : '')),
      ...added.map((item, i) => `${indent}${item}${i < added.length - 1 ? ',' : ''}`),
      ' }',
    ],
    'one line': () => [`images: {${[...old, ...added].join(', ')}}  # all`],
  }[map.layout as 'lines']();
  const [bom, ...head] = map.head;
  const text = [...head.flat(), ...images, ...map.tail.flat()].join(map.eol);
  return `${bom}${text}${map.isEnded ? map.eol : ''}`;
}

test('an edit changes the values and lines it is about, and no other byte', () => {
  fc.assert(
    fc.property(writtenMap, entries, (map, set) => {
      const edited = setEntries(render(map), set);
      const expected = render(map, set);
      // A last entry without a line break gets one before another is put below it.
      assert.ok(
        [expected, `${expected}${map.eol}`].includes(edited),
        `expected\n${expected}\ngot\n${edited}`,
      );
      for (const { key, value } of set) {
        assert.equal(parseImageMap(edited).entry(key)?.value, value);
      }
      assert.equal(setEntries(edited, set), edited);
    }),
    { numRuns: 500 },
  );
});

test('whatever the text, an edit gives a map with the entries or refuses', () => {
  const piece = fc.constantFrom(
    ...'images: release: "a/b:1": a/b "r.io/b:1" r.io/x, { } # &a *a |- >- ? ~ ! --- ...'
      .split(' ')
      .concat(' ', '  ', '\n', '\n', '\r\n', '\n  ', '\uFEFF'),
  );
  const set = [
    { key: 'a/b:1', value: 'new.io/b:1' },
    { key: 'a/b', value: 'new.io/b' },
  ];
  let edits = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      let edited: string;
      try {
        edited = setEntries(pieces.join(''), set);
      } catch (error) {
        assert.match(String(error), /MapStoreError/);
        return;
      }
      edits += 1;
      for (const { key, value } of set) {
        assert.equal(parseImageMap(edited).entry(key)?.value, value);
      }
    }),
    { numRuns: 5000 },
  );
  assert.ok(edits > 100, `only ${edits} texts were maps: the generator tests nothing`);
});
