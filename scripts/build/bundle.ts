import { join } from 'node:path';
import { rolldown, type OutputChunk } from 'rolldown';
import { asAscii } from './ascii.ts';
import { builtinsByRequire, IS_BUILTIN } from './builtins.ts';

/** Everything that is started or imported by name; all else is in chunks that these share. */
const ENTRIES = {
  'cli/action': 'src/cli/action.ts',
  'cli/mirror': 'src/cli/mirror.ts',
  'cli/orchestrator': 'src/cli/orchestrator.ts',
  'library/image-map': 'src/image-map/image-map.ts',
  'library/index': 'src/index.ts',
};

/**
 * What lies in one chunk, with all that it imports and that is in none before it. A module that is in several
 * programs would be in a chunk with those alone that are in exactly the same ones, seventy chunks for `run`; and
 * each costs 0.1 MB and a third of a millisecond.
 */
const CHUNKS: Readonly<Record<string, readonly string[]>> = {
  // All that `--version` needs, and a Node that is too old.
  start: ['cli/start.ts', 'cli/version.ts'],
  // What both programs need to understand their arguments.
  program: ['cli/program.ts', 'cli/orchestrator/health.ts', 'cli/orchestrator/help.ts'],
  // Every run of the mirror; but for stores, verification and reports, which not every run needs.
  run: [
    'cli/mirror-program.ts',
    'cli/commands/run.ts',
    'cli/wire.ts',
    'cli/wire-reporter.ts',
    'config/load.ts',
    'copiers/registry-copier.ts',
    'settings/verify-config.ts',
  ],
};

export interface Bundle {
  readonly files: readonly { readonly path: string; readonly contents: string }[];
  /** Paths of the modules of which anything is inside, relative to the root. */
  readonly modules: readonly string[];
}

/**
 * The programs and the library as ES modules with all they need inside, but Temporal's native packages. What is
 * imported lazily in the sources lies in chunks of its own: a cloud's SDK is loaded where it is used.
 */
export async function bundle(root: string): Promise<Bundle> {
  const build = await rolldown({
    cwd: root,
    input: ENTRIES,
    platform: 'node',
    transform: { target: 'node22.22' },
    external: /^@temporalio\//,
    plugins: [builtinsByRequire, asAscii],
    // Many a module is imported lazily by one program and at once by another.
    checks: { ineffectiveDynamicImport: false },
    onLog(level, { message }) {
      if (level === 'warn') throw new Error(message);
    },
  });
  try {
    const { output } = await build.generate({
      format: 'es',
      chunkFileNames: 'chunks/[name]-[hash].js',
      minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
      // Errors are called by their classes, in reports too.
      keepNames: true,
      // All of them are in THIRD-PARTY-LICENSES.txt.
      comments: false,
      codeSplitting: { groups: groups(root) },
    });
    const chunks = output.filter((part) => part.type === 'chunk');
    return {
      files: chunks.map(({ fileName, code }) => ({ path: fileName, contents: code })),
      modules: chunks.flatMap((chunk) => modulesIn(chunk, root)),
    };
  } finally {
    await build.close();
  }
}

interface Group {
  readonly name: string;
  readonly test: (module: string) => boolean;
  readonly priority: number;
}

function groups(root: string): Group[] {
  // Nothing of Node's own is loaded before it is used, so that they may lie together.
  const node: Group = { name: 'node', test: (module) => IS_BUILTIN.test(module), priority: 100 };
  const own = Object.entries(CHUNKS).map(([name, sources], index): Group => {
    const paths = new Set(sources.map((source) => join(root, 'src', source)));
    return { name, test: (module) => paths.has(module), priority: 50 - index };
  });
  return [node, ...own];
}

function modulesIn({ modules }: OutputChunk, root: string): string[] {
  return Object.entries(modules)
    .filter(([module, { renderedLength }]) => renderedLength > 0 && module.startsWith(root))
    .map(([module]) => module.slice(root.length + 1));
}
