import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, RegistryError, SignatureError } from '../../../src/errors.ts';
import { reportError, totalsOf, type ImageReport } from '../../../src/mirror/report.ts';

function image(outcome: ImageReport['outcome'], bytes?: number): ImageReport {
  const blobs = { uploaded: 1, mounted: 0, present: 0 };
  return {
    image: 'v/a:1',
    outcome,
    reason: 'why',
    requests: 5,
    durationMs: 1,
    ...(bytes === undefined
      ? {}
      : { copy: { manifests: 1, blobs, bytes, platforms: [], attachments: 0 } }),
  };
}

test('every outcome is counted by itself, and the bytes and requests that were sent', () => {
  const images = [
    image('mirrored', 100),
    image('mirrored', 20),
    image('recorded', 3),
    image('unchanged'),
    image('planned'),
    image('pending'),
    image('failed', 4000),
    image('interrupted'),
    image('interrupted'),
  ];
  assert.deepEqual(totalsOf(images), {
    mirrored: 2,
    recorded: 1,
    unchanged: 1,
    planned: 1,
    pending: 1,
    failed: 1,
    interrupted: 2,
    bytes: 4123,
    requests: 45,
  });
});

test('nothing announced is nothing counted', () => {
  assert.ok(Object.values(totalsOf([])).every((count) => count === 0));
});

test('an error is told by its code and whether another run may help', () => {
  assert.deepEqual(reportError(new RegistryError('REGISTRY_UNAVAILABLE', '503')), {
    code: 'REGISTRY_UNAVAILABLE',
    message: '503',
    retryable: true,
  });
  assert.deepEqual(reportError(new ConfigError([{ path: 'target.image', message: 'wrong' }])), {
    code: 'CONFIG_INVALID',
    message: 'target.image: wrong',
    retryable: false,
  });
});

test('what nobody threw on purpose is a bug, and another run may still help', () => {
  for (const [thrown, message] of [
    [new TypeError('x is not a function'), 'x is not a function'],
    ['a bare text', 'a bare text'],
    [undefined, 'undefined'],
    [new AggregateError([new Error('by v6'), new Error('by v4')]), 'by v6; by v4'],
  ] as const) {
    assert.deepEqual(reportError(thrown), { code: 'UNEXPECTED', message, retryable: true });
  }
});

test('nothing that an error carries besides is told: causes may hold requests, and those secrets', () => {
  const cause = Object.assign(new Error('caused'), { headers: { authorization: 'Bearer MARKED' } });
  const error = Object.assign(new SignatureError('SIGNATURE_INVALID', 'forged', cause), {
    token: 'MARKED',
  });
  assert.doesNotMatch(JSON.stringify(reportError(error)), /MARKED|caused/);
});
