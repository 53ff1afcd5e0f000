import { spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSkopeoCopier } from '../../src/copiers/skopeo-copier.ts';
import type { Credential } from '../../src/registry/credentials.ts';
import { imageCopierContract } from '../contracts/image-copier.ts';
import { startCopierFixture } from '../support/copier-fixture.ts';

const isHere = spawnSync('skopeo', ['--version']).status === 0;
const isDemanded = process.env['SDR_MIRROR_INTEGRATION'] === '1';

const anonymous: Credential = { kind: 'anonymous', origin: 'a test' };

if (isHere) {
  imageCopierContract(
    'skopeo',
    (options) =>
      startCopierFixture({
        ...options,
        createCopier: ({ source, target }) =>
          createSkopeoCopier({
            source,
            target,
            signatures: true,
            lookAgainAfter: [0],
            credentialFor: () => Promise.resolve(anonymous),
            settingsFor: () => ({ plainHttp: true }),
          }),
      }),
    { sharesBlobs: false, stopEvery: 2 },
  );
} else {
  test('skopeo', { skip: !isDemanded && 'there is no skopeo here' }, () => {
    assert.fail('SDR_MIRROR_INTEGRATION=1 demands skopeo: apt-get install skopeo');
  });
}
