import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, RegistryError } from '../../../src/errors.ts';
import { nameImages } from '../../../src/mirror/announce.ts';
import { targetNaming } from '../../../src/mirror/naming.ts';
import { formatReference } from '../../../src/registry/reference.ts';

function names(images: readonly string[], template = 'r.example/{name}:{tag}') {
  return nameImages(
    images.map((image) => ({ image })),
    {
      sourceRegistry: 'docker.io',
      isAllowedSource: (registry) => registry === 'docker.io',
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
