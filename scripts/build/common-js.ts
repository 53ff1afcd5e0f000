import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Metafile, Plugin } from 'esbuild';

const NAMESPACE = 'common-js';
const require = createRequire(import.meta.url);

/** CommonJS modules that something imports by `import()`; relative to the root. */
export function lazyCommonJs({ inputs }: Metafile): ReadonlySet<string> {
  const targets = Object.values(inputs)
    .flatMap(({ imports }) => imports)
    .filter(({ kind, path }) => kind === 'dynamic-import' && inputs[path]?.format === 'cjs');
  return new Set(targets.map(({ path }) => path));
}

/**
 * Gives the `import()` of CommonJS modules what Node gives it: their exports by name. esbuild, where it splits code,
 * gives a default export alone, and `const { ECR } = await import(…)` would be undefined in the bundle only.
 */
export function exportsByName(root: string, modules: ReadonlySet<string>): Plugin {
  const paths = new Set([...modules].map((module) => join(root, module)));
  return {
    name: NAMESPACE,
    setup(build) {
      build.onResolve(
        { filter: /.*/ },
        async ({ path, kind, importer, resolveDir, pluginData }) => {
          if (kind !== 'dynamic-import' || pluginData === NAMESPACE) return undefined;
          const found = await build.resolve(path, {
            kind,
            importer,
            resolveDir,
            pluginData: NAMESPACE,
          });
          return paths.has(found.path) ? { path: found.path, namespace: NAMESPACE } : undefined;
        },
      );
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
        contents: wrapper(path, Object.keys(require(path) as object)),
        resolveDir: root,
      }));
    },
  };
}

function wrapper(path: string, names: readonly string[]): string {
  const named = names.filter((name) => name !== 'default' && name !== '__esModule');
  return [
    `const exported = require(${JSON.stringify(path)});`,
    'export default exported;',
    ...named.map((name, index) => `const $${index} = exported[${JSON.stringify(name)}];`),
    `export { ${named.map((name, index) => `$${index} as ${JSON.stringify(name)}`).join(', ')} };`,
  ].join('\n');
}
