import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { packageRoot } from '../../package-root.ts';

/**
 * The file with the bundled workflows, which `npm run build` leaves among the compiled sources:
 * no bundler runs, and none needs to be installed, where the orchestrator does.
 *
 * @throws ConfigError if it was not built
 */
export function workflowBundle(folder: string = join(packageRoot(), 'dist/orchestrator')): string {
  const file = join(folder, 'workflow-bundle.js');
  if (existsSync(file)) return file;
  throw new ConfigError(
    `the bundle of workflows is missing (${file}): in a checkout run npm run build; otherwise install the package again`,
  );
}
