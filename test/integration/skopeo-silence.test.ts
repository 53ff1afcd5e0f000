import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { createSkopeoCopier } from '../../src/copiers/skopeo-copier.ts';
import { RegistryError } from '../../src/errors.ts';
import { startCopierFixture } from '../support/copier-fixture.ts';
import { buildImage, push } from '../support/images.ts';
import { requireServer } from '../support/servers/binaries.ts';
import { waitFor } from '../support/servers/server-process.ts';

/** Far more than a loopback takes between two bytes, however busy the machine is. */
const SILENCE_MS = 3000;
const image = buildImage({ seed: 'silent', layers: [300_000] });

/** A source that falls silent in the middle of blobs, so many times. */
async function stallingSource(t: TestContext, { stalls }: { readonly stalls: number }) {
  let left = stalls;
  const asked: string[] = [];
  const fixture = await startCopierFixture({
    referrersApi: true,
    sourceOptions: {
      intercept: async ({ method, path }, next) => {
        const answer = await next();
        const isLayer = method === 'GET' && path.includes('/blobs/') && answer.status === 200;
        if (!isLayer || (answer.body?.length ?? 0) < 100_000) return answer;
        asked.push(path);
        left -= 1;
        return left >= 0 ? { ...answer, stallAfter: 50_000 } : answer;
      },
    },
    createCopier: ({ source, target }) =>
      createSkopeoCopier({
        source,
        target,
        signatures: false,
        silenceMs: SILENCE_MS,
        credentialFor: () => Promise.resolve({ kind: 'anonymous', origin: 'a test' }),
        settingsFor: () => ({ plainHttp: true }),
      }),
  });
  t.after(async () => fixture[Symbol.asyncDispose]());
  push(fixture.source('app'), image);
  const copy = async (signal?: AbortSignal) =>
    fixture
      .newCopier()
      .copy(
        fixture.from('app', image.digest),
        fixture.to('app', '1'),
        signal === undefined ? {} : { signal },
      );
  return { asked, copy, tagged: () => fixture.target('app').tags.get('1') };
}

/** Our children of this name, the dead ones included whose end nobody has taken note of. */
function skopeos(): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const [, name, parent] =
        /^\d+ \((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      return name === 'skopeo' && Number(parent) === process.pid;
    } catch {
      return false;
    }
  });
}

test('skopeo whose source falls silent in mid-blob is begun anew', async (t) => {
  if (!requireServer(t, 'skopeo')) return;
  const { copy, asked, tagged } = await stallingSource(t, { stalls: 1 });
  await copy();
  assert.equal(tagged(), image.digest);
  assert.ok(asked.length >= 2, 'the layer was asked for once more');
  assert.deepEqual(skopeos(), []);
});

test('one whose source is silent each time is ended, and told of', async (t) => {
  if (!requireServer(t, 'skopeo')) return;
  const { copy, tagged } = await stallingSource(t, { stalls: Number.POSITIVE_INFINITY });
  await assert.rejects(copy(), (error) => {
    assert.ok(error instanceof RegistryError && error.retryable, String(error));
    assert.equal(error.code, 'REGISTRY_UNAVAILABLE');
    assert.match(error.message, /moved no byte for 3\.0 s while it was to copy .* it went 3 times/);
    return true;
  });
  assert.equal(tagged(), undefined);
  assert.deepEqual(skopeos(), []);
});

test('one that is stopped while its source is silent leaves no process', async (t) => {
  if (!requireServer(t, 'skopeo')) return;
  const { copy, asked } = await stallingSource(t, { stalls: Number.POSITIVE_INFINITY });
  const stop = new AbortController();
  const copying = copy(stop.signal);
  const reason = new Error('the image has taken too long');
  const rejected = assert.rejects(copying, (error) => error === reason);
  await waitFor('skopeo has asked for the layer', async () => asked[0]);
  assert.equal(skopeos().length, 1);
  stop.abort(reason);
  await rejected;
  assert.deepEqual(skopeos(), []);
});
