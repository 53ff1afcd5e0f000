import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Case } from './cases.ts';
import { CONTENDERS, type ContenderName } from './contenders.ts';
import type { Counted } from './count.ts';
import { median, type Sample } from './measure.ts';
import { plot } from './plot.ts';
import { keptResults } from './results.ts';

/** What one round came to; `null`: it did not take part in it. */
export type Taken = Sample | 'failed' | null;

/** What came of one case; plain data, kept as JSON. */
export interface CaseResult {
  readonly case: Case;
  /** When, ISO 8601. */
  readonly takenAt: string;
  /** By contender, one for each round. */
  readonly samples: Readonly<Record<string, readonly Taken[]>>;
  readonly counts: Readonly<Record<string, Counted>>;
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
  /** Rounds in which it failed. */
  readonly failures: number;
  readonly counted: Counted | undefined;
}

const docs = join(import.meta.dirname, '../docs');
const BEGIN = '<!-- made by npm run bench -->';
const END = '<!-- end -->';

/** Writes the tables and the plot into docs/, from the latest result of every case. */
export async function writeReport(): Promise<void> {
  const results = await keptResults();
  const text = [`Measured on ${machine()}.`, '', ...results.map(section)].join('\n');
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
  const [own = []] = Object.values(samples);
  return Object.entries(samples).map(([name, taken]) => {
    const there = taken.filter(isSample);
    const ratios = taken.flatMap((sample, round) => {
      const base = own[round] ?? null;
      return isSample(sample) && isSample(base) ? [sample.seconds / base.seconds] : [];
    });
    return {
      name: CONTENDERS[name as ContenderName].name,
      seconds: median(there.map(({ seconds }) => seconds)),
      cpuSeconds: median(there.map(({ cpuSeconds }) => cpuSeconds)),
      megabytes: median(there.map(({ megabytes }) => megabytes)),
      ratio: median(ratios),
      rounds: there.length,
      failures: taken.filter((sample) => sample === 'failed').length,
      counted: counts[name],
    };
  });
}

/** The table of one case. */
export function section(result: CaseResult): string {
  return [
    `### ${result.case.title}`,
    '',
    '| | time | so many times as long | processor | memory | rounds | requests | read | sent |',
    '|---|---|---|---|---|---|---|---|---|',
    ...figuresOf(result).map(row),
    '',
  ].join('\n');
}

function isSample(taken: Taken): taken is Sample {
  return taken !== null && taken !== 'failed';
}

function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, Node ${process.versions.node}`;
}

function row({
  name,
  seconds,
  ratio,
  cpuSeconds,
  megabytes,
  rounds,
  failures,
  counted,
}: Figures): string {
  const cells = [
    name,
    `${seconds.toFixed(2)} s`,
    `${ratio.toFixed(2)} ×`,
    `${cpuSeconds.toFixed(2)} s`,
    `${megabytes.toFixed(0)} MB`,
    failures === 0 ? String(rounds) : `${rounds}, and ${failures} failed`,
    counted === undefined ? '' : String(counted.total),
    counted === undefined ? '' : size(counted.read),
    counted === undefined ? '' : size(counted.sent),
  ];
  return `| ${cells.join(' | ')} |`;
}

function size(bytes: number): string {
  return bytes < 10e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e6).toFixed(0)} MB`;
}
