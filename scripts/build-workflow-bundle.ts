import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildWorkflowBundle } from './workflow-bundle.ts';

// Bundles the workflows once, at build time: a bundler at run time would cost the orchestrator seconds, memory and a
// writable folder at each start.
const { values } = parseArgs({ options: { output: { type: 'string' } } });
const output =
  values.output ?? join(import.meta.dirname, '../dist/orchestrator/workflow-bundle.js');

try {
  const code = await buildWorkflowBundle();
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, code);
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_DLOPEN_FAILED') throw error;
  // Where the native core cannot be loaded (musl) the orchestrator cannot run, and the mirror can.
  process.stderr.write('no bundle of workflows: Temporal does not run on this platform\n');
}
