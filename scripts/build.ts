import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { execa } from 'execa';
import { bundle } from './build/bundle.ts';
import { reachableDeclarations } from './build/declarations.ts';
import { thirdPartyLicenses } from './build/licenses.ts';
import { packagesInside } from './build/packages.ts';
import { softwareBill } from './build/software-bill.ts';
import { buildWorkflowBundle } from './build/workflow-bundle.ts';

// Makes `dist`, all that is published: the programs and the library with everything they need inside, the types, and
// what is known of the packages inside.
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const written = new Set<string>();

async function write(path: string, content: string | Uint8Array): Promise<void> {
  const file = join(dist, path);
  written.add(file);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  // npm would do so at the installation; a checkout and the action have none.
  if (path.startsWith('cli/')) await chmod(file, 0o755);
}

async function writeTypes(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sdr-mirror-types-'));
  try {
    const compiler = join(root, 'node_modules/.bin/tsc');
    const project = ['-p', join(root, 'tsconfig.build.json'), '--outDir', folder];
    await execa(compiler, project, { stdio: 'inherit' });
    for (const { path, text } of await reachableDeclarations(folder)) {
      await write(join('types', path), text);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The modules inside the bundle of workflows; none where the orchestrator cannot run. */
async function writeWorkflows(): Promise<readonly string[]> {
  try {
    const { code, modules } = await buildWorkflowBundle();
    await write('orchestrator/workflow-bundle.js', code);
    return modules;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_DLOPEN_FAILED') throw error;
    // Where the native core cannot be loaded (musl) the orchestrator cannot run, and the mirror can.
    process.stderr.write('no bundle of workflows: Temporal does not run on this platform\n');
    return [];
  }
}

/** Removes what an earlier build left. Only afterwards, so that a program that runs meanwhile finds its parts. */
async function removeLeftovers(): Promise<void> {
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const old = files.map((entry) => join(entry.parentPath, entry.name));
  await Promise.all(old.filter((file) => !written.has(file)).map(async (file) => rm(file)));
  const used = new Set([...written].flatMap(foldersOf));
  const folders = entries.filter((entry) => entry.isDirectory());
  const unused = folders.map((entry) => join(entry.parentPath, entry.name));
  await Promise.all(
    unused
      .filter((folder) => !used.has(folder))
      .map(async (folder) => rm(folder, { recursive: true, force: true })),
  );
}

function foldersOf(file: string): string[] {
  const steps = relative(dist, dirname(file)).split('/');
  return steps.map((_, index) => join(dist, ...steps.slice(0, index + 1)));
}

const [{ files, modules }, workflowModules] = await Promise.all([
  bundle(root),
  writeWorkflows(),
  writeTypes(),
]);
for (const { path, contents } of files) await write(path, contents);
const packages = await packagesInside(root, [...modules, ...workflowModules]);
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
await write('THIRD-PARTY-LICENSES.txt', thirdPartyLicenses(packages));
await write('sbom.cdx.json', softwareBill(manifest, packages));
await removeLeftovers();
