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
  return code.replace(INLINE_MAP, leanMap);
}

/** Stack traces need names and lines. Half of the bundle would be sources that nobody reads there. */
function leanMap(encoded: string): string {
  const map: unknown = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
  // Without the folder of the checkout the bytes are the same wherever it lies.
  const lean = JSON.stringify(map, (key, value: unknown) =>
    key === 'sourcesContent'
      ? undefined
      : typeof value === 'string'
        ? value.replaceAll(`${root}/`, '')
        : value,
  );
  return Buffer.from(lean).toString('base64');
}
