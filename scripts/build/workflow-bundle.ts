import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const INLINE_MAP = /(?<=\n\/\/# sourceMappingURL=data:application\/json;charset=utf-8;base64,)\S+/;

export interface WorkflowBundle {
  readonly code: string;
  /** Paths of the modules inside, relative to the root. */
  readonly modules: readonly string[];
}

/** The workflows and all they import, as the one script that a worker loads. */
export async function buildWorkflowBundle(): Promise<WorkflowBundle> {
  // Imported here, so that its absence can be told from a mistake.
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'src/orchestrator/temporal/workflows.ts'),
    logger: new DefaultLogger('WARN'),
  });
  const [encoded = ''] = INLINE_MAP.exec(code) ?? [];
  const map = leanMap(encoded);
  return {
    code: code.replace(INLINE_MAP, Buffer.from(JSON.stringify(map)).toString('base64')),
    modules: map.sources,
  };
}

/** Stack traces need names and lines. Half of the bundle would be sources that nobody reads there. */
function leanMap(encoded: string): { readonly sources: readonly string[] } {
  const { sourcesContent: _, ...map } = JSON.parse(
    Buffer.from(encoded, 'base64').toString('utf8'),
  ) as { readonly sources: readonly string[]; readonly sourcesContent: unknown };
  // Without the folder of the checkout the bytes are the same wherever it lies.
  return { ...map, sources: map.sources.map((source) => source.replaceAll(`${root}/`, '')) };
}
