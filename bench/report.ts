import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Case } from './cases.ts';
import { CONTENDERS, type ContenderName } from './contenders.ts';
import type { Counted } from './count.ts';
import { median, type Sample } from './measure.ts';
import { plot } from './plot.ts';

export interface CaseResult {
  readonly case: Case;
  /** By contender, one for each round it took part in. */
  readonly samples: ReadonlyMap<ContenderName, readonly (Sample | undefined)[]>;
  readonly counts: ReadonlyMap<ContenderName, Counted> | undefined;
}

/** One contender in one case. */
export interface Figures {
  readonly name: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
  /** How many times longer than the product it took, the median of the rounds' ratios. */
  readonly ratio: number;
  readonly rounds: number;
  readonly counted: Counted | undefined;
}

const docs = join(import.meta.dirname, '../docs');
const BEGIN = '<!-- made by npm run bench -->';
const END = '<!-- end -->';

/** Prints the table; writes it and the plot into docs/ when every case was measured. */
export async function writeReport(
  results: readonly CaseResult[],
  { isComplete }: { readonly isComplete: boolean },
): Promise<void> {
  const text = tables(results);
  console.log(`\n${text}`);
  if (!isComplete) return;
  const file = join(docs, 'performance.md');
  const page = await readFile(file, 'utf8');
  const [before, rest = ''] = page.split(BEGIN);
  const after = rest.split(END)[1] ?? '';
  await writeFile(file, `${before}${BEGIN}\n\n${text}\n${END}${after}`);
  await writeFile(
    join(docs, 'performance.svg'),
    plot(results.map((result) => ({ title: result.case.title, figures: figuresOf(result) }))),
  );
}

/** A case's contenders, in the order they were given. */
export function figuresOf({ samples, counts }: CaseResult): readonly Figures[] {
  const [own = []] = samples.values();
  return [...samples].map(([name, taken]) => {
    const there = taken.filter((sample) => sample !== undefined);
    const ratios = taken.flatMap((sample, round) => {
      const base = own[round];
      return sample === undefined || base === undefined ? [] : [sample.seconds / base.seconds];
    });
    return {
      name: CONTENDERS[name].name,
      seconds: median(there.map(({ seconds }) => seconds)),
      cpuSeconds: median(there.map(({ cpuSeconds }) => cpuSeconds)),
      megabytes: median(there.map(({ megabytes }) => megabytes)),
      ratio: median(ratios),
      rounds: there.length,
      counted: counts?.get(name),
    };
  });
}

function tables(results: readonly CaseResult[]): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`;
  const sections = results.map((result) => {
    const rows = figuresOf(result).map((figures) => row(figures));
    return [
      `### ${result.case.title}`,
      '',
      '| | time | takes so many times longer | processor | memory | rounds | requests | read | sent |',
      '|---|---|---|---|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return [`Measured on ${machine}.`, '', ...sections].join('\n');
}

function row({ name, seconds, ratio, cpuSeconds, megabytes, rounds, counted }: Figures): string {
  const cells = [
    name,
    `${seconds.toFixed(2)} s`,
    `${ratio.toFixed(2)} ×`,
    `${cpuSeconds.toFixed(2)} s`,
    `${megabytes.toFixed(0)} MB`,
    String(rounds),
    counted === undefined ? '' : String(counted.total),
    counted === undefined ? '' : size(counted.read),
    counted === undefined ? '' : size(counted.sent),
  ];
  return `| ${cells.join(' | ')} |`;
}

function size(bytes: number): string {
  return bytes < 10e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e6).toFixed(0)} MB`;
}
