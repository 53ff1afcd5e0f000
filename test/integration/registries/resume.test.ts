import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { createLogger, type LogRecord } from '../../../src/log.ts';
import { createRegistries } from '../../../src/registry/client.ts';
import { digestOf } from '../../../src/registry/manifest.ts';
import { fileUploadJournal } from '../../../src/registry/upload-journal.ts';
import { seededBytes } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { startDistribution3, startDockerRegistry } from '../../support/servers/distribution.ts';
import { startGate } from '../../support/servers/gate.ts';
import { startOlareg } from '../../support/servers/olareg.ts';
import { waitFor } from '../../support/servers/server-process.ts';

const MEBIBYTE = 1024 * 1024;
/** More than the sockets on the way can hold: of what they hold all arrives. */
const LAYER = seededBytes('interrupted', 40 * MEBIBYTE);

function* pieces(): Generator<Buffer> {
  for (let at = 0; at < LAYER.byteLength; at += MEBIBYTE / 4) {
    yield LAYER.subarray(at, at + MEBIBYTE / 4);
  }
}

/** Waits until what was on its way when a process ended has come to the session that it noted. */
async function untilKept(folder: string): Promise<void> {
  const [file = ''] = await readdir(folder);
  const noted = JSON.parse(await readFile(join(folder, file), 'utf8')) as { session: string };
  let before: string | undefined;
  await waitFor('a session holds what was sent', async () => {
    const { headers } = await fetch(noted.session);
    const range = headers.get('range') ?? '0-0';
    const isSettled = range === before && range !== '0-0';
    before = range;
    return isSettled || undefined;
  });
}

/** Which servers keep what came of a request that was cut. */
const servers = [
  { name: 'docker-registry', start: startDockerRegistry, keeps: false },
  { name: 'distribution3', start: startDistribution3, keeps: true },
  { name: 'olareg', start: startOlareg, keeps: true },
] as const;

for (const { name, start, keeps } of servers) {
  test(`an upload to ${name} whose process ended is ${keeps ? 'taken up' : 'made anew'}`, async (t) => {
    if (!requireServer(t, name)) return;
    const server = await start();
    t.after(server.stop);
    const gate = await startGate(server.host);
    t.after(gate.close);
    const folder = await mkdtemp(join(tmpdir(), 'uploads-'));
    t.after(async () => rm(folder, { recursive: true }));
    const records: LogRecord[] = [];
    const logger = createLogger((record) => records.push(record));
    /** Uploads as a new process does. */
    const upload = async (signal?: AbortSignal): Promise<void> => {
      const registries = createRegistries({
        hosts: { [gate.host]: { plainHttp: true } },
        env: {},
        logger,
        uploads: fileUploadJournal(folder, {
          logger,
          now: Date.now,
          fromBytes: MEBIBYTE,
        }),
      });
      try {
        const repository = { registry: gate.host, repository: 'some/app' };
        const blob = { mediaType: 'x', digest: digestOf(LAYER), size: LAYER.byteLength };
        const open = async (): Promise<Readable> =>
          Promise.resolve(Readable.from(pieces(), { objectMode: false }));
        await registries.target.putBlob(
          repository,
          blob,
          open,
          signal === undefined ? {} : { signal },
        );
        assert.equal(await registries.target.hasBlob(repository, blob.digest), true);
      } finally {
        registries.close();
      }
    };

    gate.holdAfter(5 * MEBIBYTE);
    const stop = new AbortController();
    const interrupted = assert.rejects(upload(stop.signal), /killed/);
    await gate.held();
    stop.abort(new Error('killed'));
    await interrupted;
    gate.open();
    if (keeps) await untilKept(folder);
    await upload();

    const resumed = records.filter(({ message }) => message === 'resuming an upload');
    assert.equal(resumed.length > 0, keeps, JSON.stringify(records));
    assert.equal(Number(resumed[0]?.fields['offset'] ?? 0) > 0, keeps);
  });
}
