import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CASES } from './cases.ts';
import type { CaseResult } from './report.ts';

const cache = process.env['SDR_MIRROR_CACHE'] ?? join(homedir(), '.cache', 'sdr-mirror');
const folder = join(cache, 'bench', 'results');

/** Keeps the latest result of a case: all of them take the better part of an hour. */
export async function keepResult(result: CaseResult): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(fileOf(result.case.id), JSON.stringify(result, undefined, 2));
}

/** The latest result of every case that was measured on this machine. */
export async function keptResults(): Promise<readonly CaseResult[]> {
  const files = CASES.map(({ id }) => fileOf(id)).filter((file) => existsSync(file));
  return Promise.all(
    files.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as CaseResult),
  );
}

function fileOf(id: string): string {
  return join(folder, `${id}.json`);
}
