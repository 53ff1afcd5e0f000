import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildWorkflowBundle } from '../../../scripts/build/workflow-bundle.ts';

/** Bundles the workflows as they stand, into a file of its own. */
export async function bundleWorkflows(): Promise<{
  readonly path: string;
  readonly remove: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'workflows-'));
  const path = join(folder, 'workflow-bundle.js');
  await writeFile(path, (await buildWorkflowBundle()).code);
  return { path, remove: async () => rm(folder, { recursive: true, force: true }) };
}
