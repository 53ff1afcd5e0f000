import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseImageMap } from '../../src/image-map/image-map.ts';
import { buildImage, buildIndex, push, type TestImage } from '../../test/support/images.ts';
import { startRegistry } from '../../test/support/registry/server.ts';
import { CONTENDERS } from '../contenders.ts';
import { serveGiantLayer } from './giant-layer.ts';

/** A job of one size, ready to be run. */
export interface Job {
  /** For a shell. */
  readonly command: string;
  /** Requests so far, at both registries. */
  readonly requests: () => number;
  /** Fails when the job did not do what it is measured for. */
  readonly check: () => Promise<void>;
  readonly close: () => Promise<void> | void;
}

/** Something that grows. */
export interface LimitCase {
  readonly id: string;
  readonly title: string;
  /** What one is called. */
  readonly unit: string;
  /** From small to the limit. */
  readonly sizes: readonly number[];
  readonly prepare: (folder: string, size: number) => Promise<Job>;
}

const KILOBYTE = 1000;

export const LIMITS: readonly LimitCase[] = [
  {
    id: 'releases',
    title: 'releases, all of them there and in the map',
    unit: 'releases',
    sizes: [1000, 3000, 10_000],
    prepare: async (folder, size) => jobOfTags(folder, size, { inMap: true }),
  },
  {
    id: 'record',
    title: 'releases, all of them there, none in the map',
    unit: 'releases',
    sizes: [1000, 3000, 10_000],
    prepare: async (folder, size) => jobOfTags(folder, size, { inMap: false }),
  },
  {
    id: 'map',
    title: 'a map that others wrote, one entry to add',
    unit: 'lines',
    sizes: [5000, 15_000, 50_000],
    prepare: jobOfMap,
  },
  {
    id: 'layers',
    title: 'an image, copied',
    unit: 'layers',
    sizes: [50, 150, 500],
    prepare: async (folder, size) =>
      jobOfImage(
        folder,
        buildImage({ seed: 'layers', layers: Array.from({ length: size }, () => KILOBYTE) }),
      ),
  },
  {
    id: 'children',
    title: 'an index, copied',
    unit: 'children',
    sizes: [20, 60, 200],
    prepare: async (folder, size) =>
      jobOfImage(
        folder,
        buildIndex({
          children: Array.from({ length: size }, (_, index) =>
            buildImage({
              seed: `child ${index}`,
              platform: { os: 'linux', architecture: 'amd64', variant: `v${index}` },
            }),
          ),
        }),
      ),
  },
  {
    id: 'giant',
    title: 'one layer, made on the fly',
    unit: 'GB',
    sizes: [1, 3, 10],
    prepare: jobOfGiantLayer,
  },
];

/** Both registries hold all of it: a run is two HEADs an image, and the map. */
async function jobOfTags(
  folder: string,
  size: number,
  { inMap }: { readonly inMap: boolean },
): Promise<Job> {
  const tags = Array.from({ length: size }, (_, index) => `1.${index}`);
  const image = buildImage({ seed: 'tags', layers: [100] });
  const job = await startJob(
    folder,
    tags.map((tag) => `app:${tag}`),
  );
  push(job.source.store.repository('app'), image, ...tags);
  push(job.target.store.repository('app'), image, ...tags);
  const { host: from } = job.source;
  const { host: to } = job.target;
  const entries = tags.map((tag) => `  "${from}/app:${tag}": "${to}/app:${tag}"\n`).join('');
  if (inMap) await writeFile(join(folder, 'map.yaml'), `images:\n${entries}`);
  return { ...job, check: async () => expectEntries(folder, size) };
}

async function jobOfMap(folder: string, size: number): Promise<Job> {
  const job = await startJob(folder, ['app:1.0']);
  push(job.source.store.repository('app'), buildImage({ seed: 'map', layers: [100] }), '1.0');
  const lines = Array.from({ length: size - 1 }, (_, index) =>
    index % 5 === 0
      ? `  # why entry ${index} is as it is`
      : `  "vendor/app-${index}:1.0": "registry.example/app-${index}:1.0" # by hand`,
  );
  const entries = lines.filter((line) => !line.startsWith('  #')).length;
  await writeFile(join(folder, 'map.yaml'), `images:\n${lines.join('\n')}\n`);
  return { ...job, check: async () => expectEntries(folder, entries + 1) };
}

async function jobOfImage(folder: string, image: TestImage): Promise<Job> {
  const job = await startJob(folder, ['app:1.0']);
  push(job.source.store.repository('app'), image, '1.0');
  return { ...job, check: async () => expectEntries(folder, 1) };
}

async function jobOfGiantLayer(folder: string, gigabytes: number): Promise<Job> {
  const { source, target, requests, received, close } = await serveGiantLayer(gigabytes * 1e9);
  const command = await prepare(folder, source, target, ['giant:1.0']);
  const check = async (): Promise<void> => {
    if (received() < gigabytes * 1e9) throw new Error(`${received()} bytes arrived`);
  };
  return { command, requests, check, close };
}

interface StartedJob extends Omit<Job, 'check'> {
  readonly source: Awaited<ReturnType<typeof startRegistry>>;
  readonly target: Awaited<ReturnType<typeof startRegistry>>;
}

async function startJob(folder: string, references: readonly string[]): Promise<StartedJob> {
  const [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  return {
    source,
    target,
    command: await prepare(folder, source.host, target.host, references),
    requests: () => source.requests.length + target.requests.length,
    close: async () => {
      await Promise.all([source.close(), target.close()]);
    },
  };
}

async function prepare(
  folder: string,
  source: string,
  target: string,
  references: readonly string[],
): Promise<string> {
  return CONTENDERS.mirror.prepare({
    folder,
    source,
    target,
    references,
    ca: undefined,
    publicKey: '',
  });
}

async function expectEntries(folder: string, count: number): Promise<void> {
  const { entries } = parseImageMap(await readFile(join(folder, 'map.yaml'), 'utf8'));
  if (entries.length === count) return;
  throw new Error(`the map has ${entries.length} entries, not ${count}`);
}
