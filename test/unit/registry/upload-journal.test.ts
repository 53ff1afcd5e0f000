import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { silentLogger } from '../../../src/log.ts';
import { createRegistries } from '../../../src/registry/client.ts';
import { digestOf } from '../../../src/registry/manifest.ts';
import { fileUploadJournal, type UploadJournal } from '../../../src/registry/upload-journal.ts';
import { seededBytes } from '../../support/images.ts';
import { startScripted, type ScriptedServer } from '../../support/scripted-server.ts';
import { scriptedUploads, type UploadRules } from '../../support/scripted-uploads.ts';

const LAYER = seededBytes('layer', 200_000);
const DAY_MS = 24 * 60 * 60 * 1000;

interface Setting {
  readonly server: ScriptedServer;
  readonly stored: ReadonlyMap<string, Buffer>;
  readonly folder: string;
  readonly journal: (now?: number) => UploadJournal;
  /** Uploads the layer as a new process does. */
  readonly upload: (own?: {
    readonly signal?: AbortSignal;
    readonly journal?: UploadJournal;
  }) => Promise<unknown>;
  /** Methods of the requests since the last look. */
  readonly asked: () => readonly string[];
}

/** A registry that cuts the first upload after 123456 bytes, when its process ends. */
async function setUp(t: TestContext, rules: UploadRules = {}): Promise<Setting> {
  const parent = await mkdtemp(join(tmpdir(), 'uploads-'));
  t.after(async () => rm(parent, { recursive: true }));
  const folder = join(parent, 'uploads');
  const uploads = scriptedUploads(rules);
  const server = await startScripted(t, uploads.script);
  const journal = (now = 0): UploadJournal =>
    fileUploadJournal(folder, { logger: silentLogger, now: () => now, fromBytes: 100_000 });
  let seen = 0;
  return {
    server,
    stored: uploads.stored,
    folder,
    journal,
    upload: async ({ signal, journal: uploads = journal() } = {}) => {
      const registries = createRegistries({
        hosts: { [server.host]: { plainHttp: true } },
        env: {},
        uploads,
      });
      t.after(() => registries.close());
      return registries.target.putBlob(
        { registry: server.host, repository: 'acme/app' },
        { mediaType: 'x', digest: digestOf(LAYER), size: LAYER.byteLength },
        async () => Promise.resolve(Readable.from([LAYER], { objectMode: false })),
        signal === undefined ? {} : { signal },
      );
    },
    asked: () => {
      const methods = server.requests.slice(seen).map(({ method }) => method);
      seen = server.requests.length;
      return methods;
    },
  };
}

/** The same, and its first process has ended in the middle of the upload. */
async function interrupted(t: TestContext, rules: UploadRules = {}): Promise<Setting> {
  const stop = new AbortController();
  const setting = await setUp(t, {
    ...rules,
    put: (_request, held) => {
      if (stop.signal.aborted || held > 0) return undefined;
      stop.abort(new Error('killed'));
      return { keep: 123_456 };
    },
  });
  await assert.rejects(setting.upload({ signal: stop.signal }), /killed/);
  assert.deepEqual(setting.asked(), ['POST', 'PUT']);
  return setting;
}

test('an upload that a process did not finish is finished by the next one', async (t) => {
  const { upload, asked, server, stored, folder } = await interrupted(t);
  const [file = ''] = await readdir(folder);
  assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);

  await upload();

  assert.deepEqual(asked(), ['GET', 'PATCH', 'PUT']);
  const patch = server.requests.find(({ method }) => method === 'PATCH');
  assert.equal(patch?.headers['content-range'], '123456-199999');
  assert.deepEqual(stored.get(digestOf(LAYER)), LAYER);
  assert.deepEqual(await readdir(folder), [], 'nothing is left to go on with');
});

test('a session that the registry has forgotten is begun anew', async (t) => {
  const { upload, asked, stored } = await interrupted(t, { status: () => ({ status: 404 }) });
  await upload();
  assert.deepEqual(asked(), ['GET', 'POST', 'PUT']);
  assert.equal(stored.size, 1);
});

test('of two processes one goes on with a session, and the other begins its own', async (t) => {
  const { folder, journal } = await interrupted(t);
  const [file = ''] = await readdir(folder);
  const { upload } = JSON.parse(await readFile(join(folder, file), 'utf8')) as { upload: string };
  const taken = await Promise.all([journal(), journal()].map(async (each) => each.take(upload)));
  assert.equal(taken.filter((session) => session !== undefined).length, 1);
  assert.equal(await journal().take('another upload'), undefined);
});

test('a note that is a day old, or none at all, is passed over', async (t) => {
  const old = await interrupted(t);
  await old.upload({ journal: old.journal(DAY_MS + 1) });
  assert.deepEqual(old.asked(), ['POST', 'PUT']);

  const broken = await interrupted(t);
  const [file = ''] = await readdir(broken.folder);
  for (const text of ['{"sess', '{"session":"nowhere","notedAt":0}', '[]', 'null']) {
    await writeFile(join(broken.folder, file), text);
    await broken.upload();
    assert.deepEqual(broken.asked(), ['POST', 'PUT'], text);
  }
});

test('where nothing can be noted, everything is uploaded all the same', async (t) => {
  const { upload, asked, folder } = await setUp(t);
  await writeFile(folder, 'no folder');
  await chmod(folder, 0o400);
  await upload();
  assert.deepEqual(asked(), ['POST', 'PUT']);
});
