import { mkdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { binary, findBinary } from '../test/support/servers/binaries.ts';

/** Between which registries, and what. */
export interface Task {
  /** A folder of the contender's own, for its configuration. */
  readonly folder: string;
  /** `127.0.0.1:PORT` */
  readonly source: string;
  readonly target: string;
  /** PEM file to trust; both registries speak plain http without. */
  readonly ca: string | undefined;
  /** PEM file: who signed the images that are signed. */
  readonly publicKey: string;
  /** `repository:tag` */
  readonly references: readonly string[];
}

export interface Contender {
  readonly name: string;
  /** Programs without which it is left out. */
  readonly needs: readonly string[];
  /** Writes what it reads, makes it forget earlier runs, and gives the shell command. */
  prepare(task: Task): Promise<string>;
}

const dist = process.env['BENCH_DIST'] ?? join(import.meta.dirname, '../dist');
const cli = join(dist, 'cli/mirror.js');

/**
 * The built product, as users start it.
 *
 * @param signatures - `carried`: those of every image go along; `verified`: they are checked as well,
 *   by the key that signed it. Without, nothing is looked for that the peers do not carry either
 */
function mirror(name: string, signatures?: 'carried' | 'verified'): Contender {
  return {
    name,
    needs: [],
    async prepare({ folder, source, target, ca, publicKey, references }) {
      if (!existsSync(cli)) throw new Error('there is no dist/: run npm run build first');
      await mkdir(folder, { recursive: true });
      const host = ca === undefined ? { plainHttp: true } : { ca };
      const keys = [{ name: 'bench', pem: publicKey, requireLog: false }];
      const configuration = {
        releases: { file: 'releases.json' },
        source: { registry: source },
        target: { image: `${target}/{repository}:{tag}` },
        map: { store: 'file:map.yaml' },
        verify: signatures === 'verified' ? { mode: 'enforce', keys } : { mode: 'off' },
        copy: { signatures: signatures !== undefined },
        registries: { [source]: host, [target]: host },
      };
      const releases = references.map((reference) => ({ image: `${source}/${reference}` }));
      await writeFile(join(folder, 'mirror.yaml'), JSON.stringify(configuration));
      await writeFile(join(folder, 'releases.json'), JSON.stringify({ releases }));
      await rm(join(folder, 'map.yaml'), { force: true });
      return `cd ${folder} && exec ${process.execPath} ${cli} run`;
    },
  };
}

const skopeoSync: Contender = {
  name: 'skopeo sync',
  needs: ['skopeo'],
  async prepare({ folder, source, target, references }) {
    await mkdir(folder, { recursive: true });
    const images: Record<string, string[]> = {};
    for (const reference of references) {
      const [repository = '', tag = ''] = reference.split(':');
      (images[repository] ??= []).push(tag);
    }
    const file = join(folder, 'sync.yaml');
    await writeFile(file, JSON.stringify({ [source]: { 'tls-verify': false, images } }));
    return `exec ${binary('skopeo')} sync --all --src yaml --dest docker --dest-tls-verify=false ${file} ${target}`;
  },
};

/** One process an image, so many at once. */
function skopeoCopy(processes: number): Contender {
  return {
    name: `${processes} × skopeo copy`,
    needs: ['skopeo'],
    prepare: async (task) =>
      forEach(
        task,
        processes,
        `${binary('skopeo')} copy -q --all --src-tls-verify=false --dest-tls-verify=false docker://${task.source}/IMAGE docker://${task.target}/IMAGE`,
      ),
  };
}

function craneCopy(processes: number): Contender {
  return {
    name: `${processes} × crane copy`,
    needs: ['crane'],
    prepare: async (task) =>
      forEach(
        task,
        processes,
        `${binary('crane')} copy --insecure ${task.source}/IMAGE ${task.target}/IMAGE`,
      ),
  };
}

/** @param parallel - images at once; what it does by itself within one is left to it */
function regsync(parallel: number): Contender {
  return {
    name: 'regsync',
    needs: ['regsync'],
    async prepare({ folder, source, target, ca, references }) {
      await mkdir(folder, { recursive: true });
      const tls = ca === undefined ? 'disabled' : 'insecure';
      const configuration = {
        version: 1,
        creds: [source, target].map((registry) => ({ registry, tls, reqConcurrent: 16 })),
        defaults: { parallel },
        sync: references.map((reference) => ({
          source: `${source}/${reference}`,
          target: `${target}/${reference}`,
          type: 'image',
        })),
      };
      const file = join(folder, 'regsync.yaml');
      await writeFile(file, JSON.stringify(configuration));
      return `exec ${binary('regsync')} once -c ${file}`;
    },
  };
}

const floor: Contender = {
  name: 'floor',
  needs: ['cc'],
  async prepare({ folder, source, target, references }) {
    const { prepareFloor } = await import('./floor.ts');
    return prepareFloor({ folder, source, target, references });
  },
};

async function forEach(
  { folder, references }: Task,
  processes: number,
  command: string,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'images');
  await writeFile(file, `${references.join('\n')}\n`);
  return `exec xargs -P${processes} -I IMAGE ${command} <${file} >/dev/null`;
}

/** Who can be measured, as cases call them. */
export type ContenderName =
  | 'mirror'
  | 'mirrorCarrying'
  | 'mirrorVerifying'
  | 'skopeoSync'
  | 'skopeo4'
  | 'skopeo16'
  | 'crane4'
  | 'crane16'
  | 'regsync'
  | 'floor';

export const CONTENDERS: Readonly<Record<ContenderName, Contender>> = {
  mirror: mirror('sdr-mirror'),
  mirrorCarrying: mirror('sdr-mirror, carrying signatures', 'carried'),
  mirrorVerifying: mirror('sdr-mirror, verifying them', 'verified'),
  skopeoSync,
  skopeo4: skopeoCopy(4),
  skopeo16: skopeoCopy(16),
  crane4: craneCopy(4),
  crane16: craneCopy(16),
  regsync: regsync(16),
  floor,
};

/** Which of the programs a contender needs are not there. */
export function missingFor({ needs }: Contender): readonly string[] {
  return needs.filter((name) => findBinary(name) === undefined);
}
