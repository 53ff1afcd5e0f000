import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../src/errors.ts';
import { targetNaming } from '../../../src/mirror/naming.ts';
import { formatReference, parseReference } from '../../../src/registry/reference.ts';
import type { Release } from '../../../src/releases/release-source.ts';

const release: Release = {
  image: 'atlanhq/atlan-teradata-app:3.1.4',
  appName: 'teradata',
  version: '3.1.4',
};
const source = parseReference(release.image);

function name(image: string, of: Release = release): string {
  return formatReference(targetNaming({ image, overrides: [] })(of, parseReference(of.image)));
}

test('every placeholder is filled from the announced image', () => {
  assert.equal(
    name('registry.mycompany.com/{registry}/{repository}/{name}/{app}:{tag}-{version}'),
    'registry.mycompany.com/docker.io/atlanhq/atlan-teradata-app/atlan-teradata-app/teradata:3.1.4-3.1.4',
  );
});

test('the first override that matches wins', () => {
  const naming = targetNaming({
    image: 'r.example/{name}:{tag}',
    overrides: [
      { matches: () => false, image: 'r.example/never:{tag}' },
      {
        matches: ({ repository }) => repository.includes('teradata'),
        image: 'r.example/a:{tag}-approved',
      },
      { matches: () => true, image: 'r.example/late:{tag}' },
    ],
  });
  assert.equal(formatReference(naming(release, source)), 'r.example/a:3.1.4-approved');
});

test('a template that asks for what the image lacks names image, placeholder and remedy', () => {
  assert.throws(
    () => name('r.example/{app}:{tag}', { image: 'atlanhq/x:1' }),
    (error: unknown) =>
      error instanceof ConfigError &&
      /atlanhq\/x:1 has no app.*\{app\}.*target\.overrides/.test(error.message),
  );
});

test('what an app is called cannot lead outside the template', () => {
  for (const appName of ['../other', 'a b', 'x@sha256:00', 'UPPER', 'a:b', '{tag}']) {
    assert.throws(
      () => name('r.example/team/{app}:{tag}', { ...release, appName }),
      ConfigError,
      appName,
    );
  }
});
