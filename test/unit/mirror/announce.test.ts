import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, RegistryError } from '../../../src/errors.ts';
import { nameImages } from '../../../src/mirror/announce.ts';
import { targetNaming } from '../../../src/mirror/naming.ts';
import { formatReference, parseTagReference } from '../../../src/registry/reference.ts';

function names(
  images: readonly string[],
  template = 'r.example/{name}:{tag}',
  sourceRegistry = 'docker.io',
) {
  return nameImages(
    images.map((image) => ({ image })),
    {
      sourceRegistry,
      isAllowedSource: (registry) => ['docker.io', sourceRegistry].includes(registry),
      naming: targetNaming({ image: template, overrides: [] }),
    },
  );
}

test('an image that cannot be named does not lose the others', () => {
  const [good, bad] = names(['atlanhq/a:1', 'atlanhq/b']);
  assert.ok(good !== undefined && 'target' in good);
  assert.equal(formatReference(good.source), 'docker.io/atlanhq/a:1');
  assert.equal(formatReference(good.target), 'r.example/a:1');
  assert.ok(bad !== undefined && 'error' in bad && bad.error instanceof ConfigError);
});

test('the release list cannot send the job to a registry nobody configured', () => {
  for (const image of [
    '169.254.169.254/atlanhq/a:1',
    'evil.example/atlanhq/a:1',
    'localhost:2375/a:1',
  ]) {
    const [named] = names([image]);
    assert.ok(
      named !== undefined && 'error' in named && named.error instanceof RegistryError,
      image,
    );
    assert.match(named.error.message, /not configured as a source/);
  }
});

test('two images that would share a tag are both refused, and the third goes on', () => {
  const [a, b, c] = names(['atlanhq/a:1', 'other/a:1', 'atlanhq/c:1']);
  assert.ok(a !== undefined && 'error' in a && b !== undefined && 'error' in b);
  assert.match(String(a.error), /atlanhq\/a:1 and other\/a:1 would both become r\.example\/a:1/);
  assert.match(String(b.error), /other\/a:1 and atlanhq\/a:1/);
  assert.ok(c !== undefined && 'target' in c);
});

test('three that would share a tag each name another one', () => {
  const named = names(['x/a:1', 'y/a:1', 'z/a:1']);
  assert.deepEqual(
    named.map(
      (image) => 'error' in image && /(\w)\/a:1 and (\w)\/a:1/.exec(String(image.error))?.slice(1),
    ),
    [
      ['x', 'y'],
      ['y', 'x'],
      ['z', 'x'],
    ],
  );
});

test('two sources that are one key of the map are refused: it could lead to only one of them', () => {
  const [a, b, c] = names(
    ['atlanhq/a:1', 'docker.io/atlanhq/a:1', 'atlanhq/c:1'],
    'r.example/{registry}/{name}:{tag}',
    'harbor.example',
  );
  for (const image of [a, b]) {
    assert.ok(image !== undefined && 'error' in image && image.error instanceof ConfigError);
    assert.match(image.error.message, /harbor\.example\/atlanhq\/a:1.*are one entry of the map/);
  }
  assert.ok(c !== undefined && 'target' in c);
});

test('a name that fits a short registry but not the map is refused by itself', () => {
  const long = `${'a'.repeat(120)}/${'b'.repeat(125)}:1`;
  const [a, b] = names([long, 'x/b:1'], 'r.example/{tag}:{tag}', 'r.io');
  assert.ok(a !== undefined && 'error' in a && a.error instanceof ConfigError);
  assert.match(a.error.message, /longer than 255/);
  assert.ok(b !== undefined && 'target' in b);
});

test('a thousand images that would share a tag are told so in no time', () => {
  const images = Array.from({ length: 1000 }, (_, index) => `team${index}/a:1`);
  const startedAt = performance.now();
  assert.ok(names(images).every((image) => 'error' in image));
  assert.ok(performance.now() - startedAt < 500);
});

function keeps(naming: (tag: string) => string): boolean {
  const [image] = nameImages([{ image: 'v/a:1' }], {
    sourceRegistry: 'docker.io',
    isAllowedSource: () => true,
    naming: (_, { tag = '' }) => parseTagReference(naming(tag)),
  });
  assert.ok(image !== undefined && 'target' in image);
  return image.keepsTags;
}

test('tags are kept only by a naming that gives this image its own tag, and another one its own', () => {
  assert.equal(
    keeps((tag) => `r.example/a:${tag}`),
    true,
  );
  assert.equal(
    keeps((tag) => `r.example/a:${tag === '1' ? 'one' : tag}`),
    false,
  );
  assert.equal(
    keeps((tag) => `r.example/${tag === '1' ? 'a' : 'b'}:${tag}`),
    false,
  );
  assert.equal(
    keeps((tag) => {
      if (tag !== '1') throw new ConfigError('knows only 1');
      return `r.example/a:${tag}`;
    }),
    false,
  );
});
