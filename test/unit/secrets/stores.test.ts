import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { echo } from '../../support/secrets/echo.ts';
import { startMirrorScene } from '../../support/secrets/mirror-scene.ts';
import { marksIn } from '../../support/secrets/marks.ts';
import { STORES } from '../../support/secrets/stores.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';

let trustedRoot: object;
before(async () => {
  ({ trustedRoot } = await createPrivateSigstore());
});

/** Statuses that no SDK tries again. */
const STATUSES = [200, 403];

describe('secrets by which maps are kept', { concurrency: 3 }, () => {
  for (const [name, startStore] of Object.entries(STORES)) {
    test(`in ${name}: nobody else learns them, whatever the store says`, async (t) => {
      const scene = await startMirrorScene(t, { trustedRoot, startStore });
      const { exitCode, said } = await scene.run('run', '--log-level', 'debug');
      assert.equal(exitCode, 0, said);
      const { store } = scene;
      // What is looked for is there to be found.
      const heard = marksIn(scene.at.store.heard(), ['session', 'storekey']);
      assert.deepEqual(heard, store.hearsSession ? ['session'] : []);
      assert.match(scene.at.store.heard(), /"authorization":"|[?&]sig=/);

      for (const status of STATUSES) {
        scene.at.store.reply = echo(status, store.wording);
        await scene.run('run', '--log-level', 'debug');
      }
      scene.at.store.reply = ({ url, headers }) => {
        const words = `${url} ${String(headers.authorization)}`;
        const location = `http://127.0.0.1:1/?said=${encodeURIComponent(words)}`;
        return { status: 302, headers: { location } };
      };
      await scene.run('run', '--log-level', 'debug');
    });
  }
});
