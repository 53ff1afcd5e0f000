import { isBuiltin } from 'node:module';
import type { Plugin } from 'rolldown';

const PREFIX = '\0builtin:';

/** Whether a module stands for one of Node's own. */
export const IS_BUILTIN: RegExp = /^\0builtin:/;

/**
 * Takes Node's own modules by `require` where the sources import them. An import reads every export for its
 * names, getters too, and one of those of `node:http` loads undici: 14 MB and ten milliseconds for a client that
 * nobody uses. `node:process`, `node:util` and `node:fs` have such getters as well.
 */
export const builtinsByRequire: Plugin = {
  name: 'builtins-by-require',
  resolveId: {
    order: 'pre',
    handler(id, _importer, { kind }) {
      // What makes `require` is imported itself.
      if (!isBuiltin(id) || id === 'node:module' || kind === 'require-call') return undefined;
      return { id: `${PREFIX}${id}`, moduleSideEffects: false };
    },
  },
  load(id) {
    if (!IS_BUILTIN.test(id)) return undefined;
    return `module.exports = require(${JSON.stringify(id.slice(PREFIX.length))});`;
  },
};
