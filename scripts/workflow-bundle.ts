import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const INLINE_MAP = /(?<=\n\/\/# sourceMappingURL=data:application\/json;charset=utf-8;base64,)\S+/;

/** The workflows and all they import, as the one script that a worker loads. */
export async function buildWorkflowBundle(): Promise<string> {
  // Imported here, so that its absence can be told from a mistake.
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'src/orchestrator/temporal/workflows.ts'),
    logger: new DefaultLogger('WARN'),
  });
  // The same bytes wherever the checkout lies.
  return code.replace(INLINE_MAP, (map) =>
    Buffer.from(Buffer.from(map, 'base64').toString('utf8').replaceAll(`${root}/`, '')).toString(
      'base64',
    ),
  );
}
