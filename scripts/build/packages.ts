import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A package of which something is inside what is published. */
export interface InsidePackage {
  /** In the lockfile: `node_modules/a/node_modules/b`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** SPDX. */
  readonly license: string;
  /** Texts of its licence and notice files; none if it ships none. */
  readonly texts: readonly string[];
  /** Who holds the rights, where no text says so. */
  readonly author: string | undefined;
  readonly homepage: string | undefined;
  /** Of the archive it was installed from: `sha512-…`. */
  readonly integrity: string;
  /** Paths of those it depends on that are inside as well. */
  readonly dependencies: readonly string[];
}

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly name: string;
  readonly license?: string;
  readonly author?: string | { readonly name?: string };
  readonly homepage?: string;
  readonly repository?: string | { readonly url?: string };
}

const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** Licences that ask for no more than to be named and to travel along. */
const ACCEPTED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
]);

/** The packages that modules belong to, as the lockfile and they themselves describe them. */
export async function packagesInside(
  root: string,
  modules: readonly string[],
): Promise<readonly InsidePackage[]> {
  const paths = new Set(
    modules.map((module) => PACKAGE.exec(module)?.[0]).filter((path) => path !== undefined),
  );
  const lockfile = await readJson<{ readonly packages: Readonly<Record<string, Locked>> }>(
    join(root, 'package-lock.json'),
  );
  return Promise.all(
    [...paths].sort().map(async (path) => describe(path, { root, paths, lockfile })),
  );
}

async function describe(
  path: string,
  {
    root,
    paths,
    lockfile,
  }: {
    readonly root: string;
    readonly paths: ReadonlySet<string>;
    readonly lockfile: { readonly packages: Readonly<Record<string, Locked>> };
  },
): Promise<InsidePackage> {
  const locked = lockfile.packages[path];
  const manifest = await readJson<Manifest>(join(root, path, 'package.json'));
  const { name, license, author, repository } = manifest;
  if (locked?.integrity === undefined) throw new Error(`${path} is not in the lockfile`);
  if (license === undefined || !ACCEPTED.has(license)) {
    throw new Error(
      `${name}: may it be bundled under its licence, ${license ?? 'which it does not name'}?`,
    );
  }
  return {
    path,
    name,
    version: locked.version,
    license,
    texts: await licenseTexts(join(root, path)),
    author: typeof author === 'string' ? author : author?.name,
    homepage: manifest.homepage ?? (typeof repository === 'string' ? repository : repository?.url),
    integrity: locked.integrity,
    dependencies: Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })
      .map((dependency) => resolve(path, dependency, lockfile.packages))
      .filter((dependency) => dependency !== undefined)
      .filter((dependency) => paths.has(dependency)),
  };
}

/** Where Node finds a dependency: in the package's own folder, else in those above. */
function resolve(
  path: string,
  dependency: string,
  packages: Readonly<Record<string, Locked>>,
): string | undefined {
  const levels = path.split('/node_modules/');
  return levels
    .map((_, index) => levels.slice(0, levels.length - index).join('/node_modules/'))
    .concat('')
    .map((above) => `${above}${above === '' ? '' : '/'}node_modules/${dependency}`)
    .find((candidate) => packages[candidate] !== undefined);
}

async function licenseTexts(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) =>
    /^(?:licen[cs]e|notice|copying)/i.test(name),
  );
  const texts = await Promise.all(
    names.toSorted().map(async (name) => readFile(join(folder, name), 'utf8')),
  );
  if (texts.length > 0) return texts.map(tidy);
  const readme = (await readdir(folder)).find((name) => /^readme/i.test(name));
  if (readme === undefined) return [];
  const [, section] =
    /^(?:#+\s*)?Licen[cs]e\s*\n(?:-+\s*\n)?([\s\S]*)$/im.exec(
      await readFile(join(folder, readme), 'utf8'),
    ) ?? [];
  // A mere mention of the licence's name is no text.
  return section !== undefined && /permission|copyright/i.test(section) ? [tidy(section)] : [];
}

function tidy(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(/[ \t]+$/gm, '')
    .trim();
}

async function readJson<Value>(file: string): Promise<Value> {
  return JSON.parse(await readFile(file, 'utf8')) as Value;
}
