/**
 * What an installation costs: `npm run build && node bench/package.ts [rounds]`. The package is packed and installed
 * from its tarball into an empty folder, without a network: its size, the number of its files, and how long
 * `mirror --version` takes beside a bare `node`, in turns so that the machine's moods hit both alike.
 */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const rounds = Number(process.argv[2] ?? 15);
/** The promise: a cold start below twice that of Node. */
const MOST_TIMES_NODE = 2;
const root = join(import.meta.dirname, '..');
const folder = await mkdtemp(join(tmpdir(), 'bench-package-'));

async function timed(file: string, ...args: readonly string[]): Promise<number> {
  const started = performance.now();
  await execa(file, args, { cwd: folder, stdio: 'ignore' });
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

try {
  const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await execa('npm', pack, { cwd: root });
  const tarball = join(folder, stdout.trim().split('\n').at(-1) ?? '');
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const install = await timed('npm', 'install', '--offline', '--no-audit', tarball);
  const modules = join(folder, 'node_modules');
  const entries = await readdir(modules, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  );
  const packages = (await readdir(modules)).filter((name) => !name.startsWith('.'));
  const mirror = join(modules, 'sdr-mirror/dist/cli/mirror.js');
  const bare: number[] = [];
  const version: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await timed(process.execPath, '-e', '0'));
    version.push(await timed(process.execPath, mirror, '--version'));
  }
  const ratio = median(version) / median(bare);
  console.table({
    'tarball, MB': ((await stat(tarball)).size / 1e6).toFixed(2),
    'installed, MB': (sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(2),
    files: files.length,
    packages: packages.length,
    'npm install, ms': Math.round(install),
    'node, median ms': Math.round(median(bare)),
    'mirror --version, median ms': Math.round(median(version)),
    'times node': ratio.toFixed(2),
  });
  if (ratio >= MOST_TIMES_NODE) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}
