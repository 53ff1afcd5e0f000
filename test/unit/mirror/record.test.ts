import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MapStoreError } from '../../../src/errors.ts';
import { parseImageMap } from '../../../src/image-map/image-map.ts';
import { nameImages } from '../../../src/mirror/announce.ts';
import type { NamedImage } from '../../../src/mirror/discover.ts';
import { targetNaming } from '../../../src/mirror/naming.ts';
import { record, type RecordPolicy } from '../../../src/mirror/record.ts';
import type { Release } from '../../../src/releases/release-source.ts';

const KEEP: RecordPolicy = { entries: 'tag', existingEntry: 'keep' };
const BARE: RecordPolicy = { entries: 'repository', existingEntry: 'keep' };

/** Images as the template names them. */
function named(
  releases: readonly (string | Release)[],
  template = 'r.example/{name}:{tag}',
): readonly NamedImage[] {
  return nameImages(
    releases.map((release) => (typeof release === 'string' ? { image: release } : release)),
    {
      sourceRegistry: 'docker.io',
      isAllowedSource: () => true,
      naming: targetNaming({ image: template, overrides: [] }),
    },
  ).map((image) => {
    assert.ok('target' in image);
    return image;
  });
}

/** The entries of a map, in order. */
function entriesOf(text: string): readonly string[] {
  return parseImageMap(text).entries.map(({ key, value }) => `${key} → ${value}`);
}

describe('record', () => {
  test('begins a map that explains itself', () => {
    const text = record(undefined, named(['v/a:1']), KEEP);
    assert.match(text, /^# Where each announced image is pulled from\./);
    assert.deepEqual(entriesOf(text), ['v/a:1 → r.example/a:1']);
  });

  test('has nothing to write for no images, and makes no map for them', () => {
    assert.equal(record(undefined, [], KEEP), '');
    assert.equal(record('# mine\n', [], KEEP), '# mine\n');
  });

  test('gives back the very same text when it says all this already, however it is spelled', () => {
    const text = `images: {"docker.io/v/a:1": 'r.example/a:1', v/b: r.example/b}\n`;
    assert.equal(record(text, named(['v/a:1', 'v/b:1', 'v/b:2']), KEEP), text);
  });

  test('takes several images at once, in their order', () => {
    assert.deepEqual(entriesOf(record('', named(['v/b:1', 'v/a:1', 'v/a:2']), KEEP)), [
      'v/b:1 → r.example/b:1',
      'v/a:1 → r.example/a:1',
      'v/a:2 → r.example/a:2',
    ]);
  });

  test('leaves an entry of somebody else alone, and replaces it when told to', () => {
    const text = 'images:\n  v/a:1: golden.example/a:9 # theirs\n';
    const images = named(['v/a:1']);
    assert.equal(record(text, images, KEEP), text);
    assert.equal(
      record(text, images, { ...KEEP, existingEntry: 'replace' }),
      'images:\n  v/a:1: "r.example/a:1" # theirs\n',
    );
  });

  test('never touches what is not a map', () => {
    assert.throws(
      () => record('images: [', named(['v/a:1']), KEEP),
      (error) => error instanceof MapStoreError && error.code === 'MAP_INVALID',
    );
  });

  describe('with one entry a repository', () => {
    test('one entry serves all tags', () => {
      const text = record('', named(['v/a:1', 'v/a:2', 'v/b:1']), BARE);
      assert.deepEqual(entriesOf(text), ['v/a → r.example/a', 'v/b → r.example/b']);
    });

    test('a port is no tag', () => {
      const text = record('', named(['reg.corp:5000/a:1']), BARE);
      assert.deepEqual(entriesOf(text), ['reg.corp:5000/a → r.example/a']);
    });

    test('what the announced tag does not lead to gets an entry of its own', () => {
      const digest = `sha256:${'a'.repeat(64)}`;
      assert.deepEqual(
        entriesOf(record('', named(['v/a:1'], 'r.example/{name}:{tag}-approved'), BARE)),
        ['v/a:1 → r.example/a:1-approved'],
      );
      assert.deepEqual(entriesOf(record('', named([`v/a:1@${digest}`]), BARE)), [
        `v/a:1@${digest} → r.example/a:1`,
      ]);
    });

    test('a template that the version stands in gives exact entries, so that the next version is not led astray', () => {
      for (const template of ['r.example/{name}:{version}', 'r.example/{version}/{name}:{tag}']) {
        const [image] = named([{ image: 'v/a:1', version: '1' }], template);
        assert.ok(image);
        const [next] = named([{ image: 'v/a:2.0-rc', version: '2.0' }], template);
        assert.ok(next);
        const text = record(record('', [image], BARE), [next], BARE);
        assert.equal(entriesOf(text).length, 2, template);
        assert.match(entriesOf(text)[1] ?? '', /^v\/a:2\.0-rc → r\.example\//);
      }
    });

    test('an exact entry that wins over it is set right as well', () => {
      const text = 'images:\n  v/a:1: golden.example/a:9\n';
      const images = named(['v/a:1', 'v/a:2']);
      assert.deepEqual(entriesOf(record(text, images, { ...BARE, existingEntry: 'replace' })), [
        'v/a:1 → r.example/a:1',
        'v/a → r.example/a',
      ]);
    });

    test('an entry that is there serves tags this run knows nothing of: it stays', () => {
      const text = 'images:\n  v/a: golden.example/a # for all\n';
      const images = named(['v/a:1']);
      assert.equal(record(text, images, BARE), text);
      const replaced = record(text, images, { ...BARE, existingEntry: 'replace' });
      assert.deepEqual(entriesOf(replaced), ['v/a → golden.example/a', 'v/a:1 → r.example/a:1']);
    });

    test('two images that disagree about it: the first has it, the second an exact entry', () => {
      const [first] = named(['v/a:1']);
      const [second] = named(['docker.io/v/a:2'], 'r.example/other/{name}:{tag}');
      assert.ok(first && second);
      assert.deepEqual(entriesOf(record('', [first, second], BARE)), [
        'v/a → r.example/a',
        'docker.io/v/a:2 → r.example/other/a:2',
      ]);
    });
  });
});
