import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pLimit from 'p-limit';
import type { FileOperationOrder } from '../../support/kills/at-file-operation.ts';
import { assertLinesKept, entriesOf, FOREIGN_MAP } from '../../support/kills/map-look.ts';
import { fileStore } from '../../support/map-stores/file.ts';
import type { Place } from '../../support/map-stores/map-store.ts';
import {
  startJob,
  startKillScene,
  writeJob,
  type Job,
  type JobEnd,
  type KillScene,
} from '../../support/kills/scene.ts';
import { whyMissing } from '../../support/servers/binaries.ts';
import { waitFor } from '../../support/servers/server-process.ts';

const HOOK = join(import.meta.dirname, '../../support/kills/at-file-operation.ts');
const SERVERS = ['docker-registry', 'htpasswd'];
const limit = pLimit(2);
/** Half a minute where the machine is free. */
const PATIENT = { timeout: 600_000 };

/** A map of its own, and a job with nothing to do but to write one entry into it. */
interface Desk {
  readonly place: Place;
  readonly folder: string;
  readonly note: string;
  /** Starts the job; something befalls it at one of its file operations. */
  readonly start: (order?: Pick<FileOperationOrder, 'nth' | 'when' | 'fate'>) => Job;
  readonly beside: () => Promise<readonly string[]>;
}

describe(
  'at every operation on a map that is a file',
  {
    skip: whyMissing(...SERVERS) ?? false,
  },
  () => {
    let scene: KillScene;
    let operations: readonly string[] = [];
    before(async () => {
      scene = await startKillScene();
      // The image gets to the target, so that later jobs have only the map to write.
      const desk = await openDesk('first');
      assertDone(await desk.start({ when: 'before', fate: 'die' }));
      operations = (await readFile(desk.note, 'utf8')).split('\n');
    });
    after(async () => scene.stop());

    async function openDesk(name: string, text: string = FOREIGN_MAP): Promise<Desk> {
      const folder = join(scene.folder, name);
      const maps = join(folder, 'map');
      await mkdir(maps, { recursive: true });
      const map = join(maps, 'image-map.yaml');
      await writeFile(map, text);
      const place = fileStore().place(map);
      const places = { source: scene.source.host, target: scene.target.host, prefix: 'file' };
      const settings = { map: place.settings(''), concurrency: 1, announced: ['vendor/small'] };
      await writeJob(scene, name, { ...places, ...settings });
      const note = join(folder, 'note');
      const start: Desk['start'] = (order) => {
        if (order === undefined) return startJob(folder);
        const told: FileOperationOrder = { ...order, folder: `${maps}/`, note };
        const env = { NODE_OPTIONS: `--import=${HOOK}`, FILE_OPERATION: JSON.stringify(told) };
        return startJob(folder, env);
      };
      return { place, folder, note, start, beside: async () => readdir(maps) };
    }

    test(
      'a job that is killed there leaves a map, and the next one brings it to its end',
      PATIENT,
      async () => {
        assert.ok(
          operations.some((name) => name.startsWith('rename')),
          operations.join(),
        );
        await Promise.all(
          operations.map(async (operation, index) =>
            limit(async () => {
              const desk = await openDesk(`killed-${index}`);
              const killed = await desk.start({ nth: index + 1, when: 'before', fate: 'die' });
              assert.equal(killed.signal, 'SIGKILL', operation);
              assertLinesKept((await desk.place.read()) ?? '', FOREIGN_MAP);
              const began = performance.now();
              assertDone(await desk.start());
              const seconds = (performance.now() - began) / 1000;
              assertMapped(await desk.place.read(), operation);
              assert.ok(seconds < 30, `killed before ${operation}, the next job took ${seconds} s`);
              // Where nothing was left to write nothing was tidied up either; whoever writes next does.
              await desk.place.edit(() => FOREIGN_MAP);
              assertDone(await desk.start());
              assert.deepEqual(
                await desk.beside(),
                ['image-map.yaml'],
                `killed before ${operation}`,
              );
            }),
          ),
        );
      },
    );

    test('what an editor saves there is not lost', PATIENT, async () => {
      await Promise.all(
        operations.map(async (operation, index) =>
          limit(async () => {
            // Nothing in a file system renames only if nobody else did. The look before it is a system call
            // away, and an editor in between is the one that is overwritten, as documented.
            if (operation.startsWith('renameSync')) return;
            const desk = await openDesk(`edited-${index}`);
            const job = desk.start({ nth: index + 1, when: 'before', fate: 'wait' });
            const ended = (async () => job)();
            const early = ended.then(({ exitCode, stderr }) => {
              throw new Error(`${exitCode} before ${operation}:\n${stderr}`);
            });
            const here = waitFor(`the job comes to ${operation}`, async () =>
              (await readFile(`${desk.note}.here`).catch(() => undefined)) === undefined
                ? undefined
                : true,
            );
            await Promise.race([here, early]);
            early.catch(() => undefined);
            await desk.place.edit((text) => `${text}# by hand\n`);
            await writeFile(`${desk.note}.go`, '');
            assertDone(await ended);
            const text = (await desk.place.read()) ?? '';
            assert.ok(text.includes('# by hand\n'), `saved before ${operation}:\n${text}`);
            assertLinesKept(text, FOREIGN_MAP);
            assertMapped(text, operation);
          }),
        ),
      );
    });
  },
);

function assertMapped(text: string | undefined, operation: string): void {
  assert.ok(entriesOf(text ?? '').has('vendor/small:1.0'), `${operation}:\n${text}`);
}

function assertDone({ exitCode, signal, stderr }: JobEnd): void {
  assert.equal(exitCode, 0, `${signal}\n${stderr}`);
}
