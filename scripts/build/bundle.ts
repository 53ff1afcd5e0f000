import { build, type BuildResult, type Plugin } from 'esbuild';
import { exportsByName, lazyCommonJs } from './common-js.ts';

/** Everything that is started or imported by name; all else is in chunks that these share. */
const ENTRIES = {
  'cli/action': 'src/cli/action.ts',
  'cli/mirror': 'src/cli/mirror.ts',
  'cli/orchestrator': 'src/cli/orchestrator.ts',
  'library/image-map': 'src/image-map/image-map.ts',
  'library/index': 'src/index.ts',
};

// Most packages inside are CommonJS and ask for modules of Node by `require`, which ES modules do not have.
const REQUIRE = `import { createRequire as $createRequire } from 'node:module';
const require = $createRequire(import.meta.url);`;

export interface Bundle {
  readonly files: readonly { readonly path: string; readonly contents: Uint8Array }[];
  /** Paths of the modules of which anything is inside, relative to the root; but for wrappers. */
  readonly modules: readonly string[];
}

/**
 * The programs and the library as ES modules with all they need inside, but Temporal's native packages. What is
 * imported lazily in the sources lies in chunks of its own: a cloud's SDK is loaded where it is used.
 */
export async function bundle(root: string): Promise<Bundle> {
  // Which modules are CommonJS is known afterwards.
  const { metafile: first } = await bundleWith([], root);
  const named = exportsByName(root, lazyCommonJs(first));
  const { outputFiles, metafile } = await bundleWith([named], root);
  const unnamed = lazyCommonJs(metafile);
  if (unnamed.size > 0) throw new Error(`imported without names: ${[...unnamed].join(', ')}`);
  return {
    files: outputFiles.map(({ path, contents }) => ({
      path: path.slice(`${root}/dist/`.length),
      contents,
    })),
    modules: Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs)
        .filter(([module, { bytesInOutput }]) => bytesInOutput > 0 && !module.includes(':'))
        .map(([module]) => module),
    ),
  };
}

interface Options {
  readonly metafile: true;
  readonly write: false;
}

async function bundleWith(plugins: Plugin[], root: string): Promise<BuildResult<Options>> {
  return await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.22',
    external: ['@temporalio/*'],
    plugins,
    banner: { js: REQUIRE },
    minifyWhitespace: true,
    minifySyntax: true,
    // Errors are called by their classes, in reports too.
    keepNames: true,
    // All of them are in THIRD-PARTY-LICENSES.txt.
    legalComments: 'none',
    logLevel: 'warning',
  });
}
