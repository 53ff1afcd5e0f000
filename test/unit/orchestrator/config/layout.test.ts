import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { arrange } from '../../../../src/orchestrator/config/layout.ts';

const S3 = { type: 'bindings.aws.s3', metadata: [] };
const ENV = { type: 'secretstores.local.env' };

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe('both layouts of config.yaml', () => {
  test('components stand under components', () => {
    const data = { atlan: {}, components: { objectstore: S3 } };
    const { data: arranged, placeOf } = arrange(data);
    assert.deepEqual(plain(arranged), data);
    assert.deepEqual(placeOf(['components', 'objectstore', 'type']), [
      'components',
      'objectstore',
      'type',
    ]);
  });

  test('or at the top, and are found there', () => {
    const { data, placeOf } = arrange({ atlan: {}, objectstore: S3, secretstore: ENV });
    assert.deepEqual(plain(data), {
      atlan: {},
      components: { objectstore: S3, secretstore: ENV },
    });
    assert.deepEqual(placeOf(['components', 'objectstore', 'metadata', 0]), [
      'objectstore',
      'metadata',
      0,
    ]);
  });

  test('or here and there', () => {
    const { data, placeOf } = arrange({ components: { secretstore: ENV }, objectstore: S3 });
    assert.deepEqual(plain(data), { components: { secretstore: ENV, objectstore: S3 } });
    assert.deepEqual(placeOf(['components', 'secretstore']), ['components', 'secretstore']);
  });

  test('but not twice', () => {
    const { problems } = arrange({ components: { objectstore: S3 }, objectstore: S3 });
    assert.deepEqual(
      problems.map(({ path, message }) => [path, message]),
      [[['objectstore'], 'is described twice: here and under components']],
    );
  });

  test('what has no type is no component', () => {
    const data = { log_level: 'debug', tracing: { on: true }, list: [S3] };
    assert.deepEqual(plain(arrange(data).data), data);
  });
});

describe('what the vendor leaves empty in its templates', () => {
  test('is left out', () => {
    const { data } = arrange({
      atlan: { client_id: '', domain: 'acme.atlan.com' },
      components: null,
      container_registry: { base: '', username: null },
    });
    assert.deepEqual(plain(data), { atlan: { domain: 'acme.atlan.com' }, container_registry: {} });
  });
});
