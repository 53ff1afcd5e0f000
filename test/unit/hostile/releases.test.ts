/** Whatever is announced, what is written to the map is what was meant, and under the target's own prefix. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ConfigError, MapStoreError, ReleaseSourceError } from '../../../src/errors.ts';
import { parseImageMap } from '../../../src/image-map/image-map.ts';
import { setEntries } from '../../../src/image-map/edit.ts';
import { nameImages } from '../../../src/mirror/announce.ts';
import { targetNaming } from '../../../src/mirror/naming.ts';
import { record } from '../../../src/mirror/record.ts';
import { formatReference, parseReference } from '../../../src/registry/reference.ts';
import { parseReleases } from '../../../src/releases/parse-releases.ts';
import type { Release } from '../../../src/releases/release-source.ts';

/** What means more than itself to a path, a URL, YAML, a template, a terminal or a shell. */
const TRICKS = [
  '..',
  '../',
  '//',
  '/',
  '%2e%2e',
  '%2f',
  '\\',
  '@',
  ':',
  ': ',
  '#',
  ' #',
  '*',
  '&',
  '<<',
  '!',
  '!!js/function',
  '|',
  '>',
  '- ',
  '? ',
  '{',
  '}',
  '[',
  ']',
  ',',
  '"',
  "'",
  '`',
  '~',
  '{tag}',
  '{name}',
  '${HOME}',
  '$(id)',
  '$&',
  '$1',
  '__proto__',
  'constructor',
  'null',
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\u001b[2J',
  '\u009b',
  '\u202e',
  '\u2028',
  '\ufeff',
  '\ud800',
  'images:',
  'release:',
  'sha256:',
  '---',
  '...',
  '%YAML',
  '169.254.169.254',
  '[::1]:80',
];
const word = fc.constantFrom('atlanhq', 'app', '1.2.3', 'a', 'evil.example', 'localhost:5000');
const trick = fc.oneof(fc.constantFrom(...TRICKS), word);
const hostile = fc.array(trick, { maxLength: 5 }).map((parts) => parts.join(''));
const image = fc.oneof(
  hostile,
  fc.tuple(hostile, hostile).map(([path, tag]) => `atlanhq/${path}:${tag}`),
  fc.tuple(word, word).map(([path, tag]) => `atlanhq/${path}:${tag.replaceAll(':', '-')}`),
);
const entry = fc.record(
  { image, app_name: hostile, version: hostile, app_id: fc.jsonValue() },
  { requiredKeys: ['image'] },
);

const THEIRS = `# by hand
images:
  "theirs/app:1": "registry.mycompany.com/theirs/app:1-approved" # keep
release:
  name: "my-release"
`;

function releasesIn(entries: readonly unknown[]): readonly Release[] {
  try {
    // As it comes over the network: a text.
    const body: unknown = JSON.parse(JSON.stringify({ releases: entries }));
    return parseReleases(body, { location: 'here' }).releases;
  } catch (error) {
    assert.ok(error instanceof ReleaseSourceError, String(error));
    return [];
  }
}

test('hostile releases reach the map as entries under the prefix, or not at all', () => {
  const prefix = 'registry.mycompany.com/atlan/';
  const templates = ['{name}:{tag}', '{repository}:{tag}', '{app}:{version}', '{app}/x:{tag}'];
  let written = 0;
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 4 }),
      fc.constantFrom(...templates),
      fc.constantFrom('tag', 'repository'),
      (entries, template, kind) => {
        const named = nameImages(releasesIn(entries), {
          sourceRegistry: 'docker.io',
          isAllowedSource: (registry) => registry === 'docker.io',
          naming: targetNaming({ image: `${prefix}${template}`, overrides: [] }),
        }).filter((one) => 'target' in one);
        for (const { source, target } of named) {
          assert.equal(source.registry, 'docker.io');
          assert.ok(formatReference(target).startsWith(prefix), formatReference(target));
        }
        const text = record(THEIRS, named, { entries: kind, existingEntry: 'keep' });
        // Nothing that stood there is another byte, and what is new is on lines of its own.
        const lines = text.split('\n');
        assert.deepEqual(
          lines.filter((line) => THEIRS.includes(`${line}\n`)),
          THEIRS.split('\n'),
        );
        const own = lines.filter((line) => !THEIRS.includes(`${line}\n`));
        assert.ok(
          own.every((line) => /^ {2}"[\w./:@-]+": "[\w./:-]+"$/.test(line)),
          text,
        );
        const map = parseImageMap(text);
        assert.equal(map.entries.length, 1 + own.length);
        for (const { release, target } of named) {
          const { reference } = map.resolve(release.image);
          assert.equal(formatReference(parseReference(reference)), formatReference(target));
        }
        written += own.length;
      },
    ),
    { numRuns: 150 },
  );
  assert.ok(written > 10, `only ${written} entries: the generator tests nothing`);
});

test('a name fills its own place in a template and is not read as one', () => {
  const naming = targetNaming({ image: 'registry.mycompany.com/x/{app}:{version}', overrides: [] });
  fc.assert(
    fc.property(fc.oneof(trick, hostile), fc.oneof(word, trick), (appName, version) => {
      const release = { image: 'atlanhq/a:1', appName, version };
      try {
        const target = formatReference(naming(release, parseReference(release.image)));
        assert.equal(target, `registry.mycompany.com/x/${appName}:${version}`);
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
      }
    }),
    { numRuns: 300 },
  );
});

test('no entry is written that would be more than one, or a comment, or nothing', () => {
  fc.assert(
    fc.property(hostile, hostile, (key, value) => {
      try {
        const text = setEntries(THEIRS, [{ key, value }]);
        assert.equal(parseImageMap(text).entry(key)?.value, value);
        assert.equal(parseImageMap(text).entries.length, 2);
      } catch (error) {
        assert.ok(error instanceof ConfigError || error instanceof MapStoreError, String(error));
      }
    }),
    { numRuns: 300 },
  );
});

test('ten thousand releases, twice each and with names of megabytes among them, are read in no time', () => {
  const many = Array.from({ length: 10_000 }, (_, number) => ({
    image: `atlanhq/app-${number}:1`,
  }));
  const long = 'x'.repeat(1_000_000);
  const strange = [
    { image: `atlanhq/${long}:1` },
    { image: [[[]]] },
    { app_name: long },
    null,
    long,
  ];
  const began = process.cpuUsage().user;
  const { releases, skipped } = parseReleases(
    { releases: [...many, ...strange, ...many] },
    { location: 'here' },
  );
  assert.equal(releases.length, many.length);
  assert.equal(skipped.length, strange.length);
  assert.ok(skipped.every((words) => words.length < 1000));
  const tookMs = (process.cpuUsage().user - began) / 1000;
  assert.ok(tookMs < 10_000, `it took ${tookMs} ms`);
});
