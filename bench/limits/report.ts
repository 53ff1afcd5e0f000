import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, homedir } from 'node:os';
import { join } from 'node:path';
import type { Sample } from '../measure.ts';
import { LIMITS, type LimitCase } from './cases.ts';

/** What a run of one size took. */
export interface Measured extends Sample {
  readonly size: number;
  readonly requests: number;
}

const CACHE = process.env['SDR_MIRROR_CACHE'] ?? join(homedir(), '.cache', 'sdr-mirror');
const KEPT = join(CACHE, 'bench', 'limits');
const PAGE = join(import.meta.dirname, '../../docs/performance.md');
const BEGIN = '<!-- made by npm run bench:limits -->';
const END = '<!-- end of limits -->';

/**
 * The power of the size by which something grows from the first size to the last: 0 for not at all, 1
 * for in proportion, 2 for a square.
 */
export function growth(samples: readonly Measured[], of: (sample: Measured) => number): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || first === last) return Number.NaN;
  return Math.log(of(last) / of(first)) / Math.log(last.size / first.size);
}

export const GROWTHS: Readonly<Record<string, (sample: Measured) => number>> = {
  processor: ({ cpuSeconds }) => cpuSeconds,
  memory: ({ megabytes }) => megabytes,
  requests: ({ requests }) => requests,
};

/** The rows of one case. */
export function rowsOf({ title, unit }: LimitCase, samples: readonly Measured[]): string {
  const rows = samples.map(
    ({ size, seconds, cpuSeconds, megabytes, requests }) =>
      `| ${size.toLocaleString('en')} ${unit}: ${title} | ${seconds.toFixed(1)} s | ${cpuSeconds.toFixed(2)} s | ${megabytes.toFixed(0)} MB | ${requests} |`,
  );
  const powers = Object.values(GROWTHS).map((of) => growth(samples, of).toFixed(2));
  return [...rows, `| grows by the power of | | ${powers.join(' | ')} |`].join('\n');
}

/** Keeps the figures of a case for the table, in the place of its earlier ones. */
export async function keepLimit({ id }: LimitCase, samples: readonly Measured[]): Promise<void> {
  await mkdir(KEPT, { recursive: true });
  await writeFile(join(KEPT, `${id}.json`), JSON.stringify(samples));
}

/** Makes the table in docs/performance.md anew, from the latest figures of every case. */
export async function writeLimits(): Promise<void> {
  const sections: string[] = [];
  for (const each of LIMITS) {
    const file = join(KEPT, `${each.id}.json`);
    if (!existsSync(file)) continue;
    sections.push(rowsOf(each, JSON.parse(await readFile(file, 'utf8')) as Measured[]));
  }
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, Node ${process.versions.node}`;
  const page = await readFile(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${PAGE} has no place for the limits`);
  const head = `Measured on ${machine}.\n\n| | time | processor | memory | requests |\n|---|---|---|---|---|`;
  await writeFile(PAGE, `${before}${BEGIN}\n\n${head}\n${sections.join('\n')}\n\n${END}${after}`);
}
