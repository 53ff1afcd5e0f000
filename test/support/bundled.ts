import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A program as it is published: the bundle, which `npm run build` makes. */
export function bundled(program: 'cli/action' | 'cli/mirror' | 'cli/orchestrator'): string {
  const path = fileURLToPath(new URL(`../../dist/${program}.js`, import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build`);
  return path;
}
