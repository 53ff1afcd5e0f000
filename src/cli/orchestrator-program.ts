import type { ExitCode } from '../exit-code.ts';
import { createProgram, runProgram } from './program.ts';

/** The `sdr-orchestrator` command line, from its arguments to its exit code. */
export async function main(process: NodeJS.Process): Promise<ExitCode> {
  const program = createProgram('sdr-orchestrator', process).description(
    'Runs the connector apps of one deployment by the image map that mirror keeps.',
  );
  return await runProgram(program, process, ({ terminal, world, finish }) => {
    program
      .command('resolve')
      .summary('say what would be pulled for an image, and by which rule')
      .argument('<image...>', 'image references as Atlan announces them')
      .requiredOption('--map <location>', 'the map: file:PATH, s3://…, azblob://…, gs://…')
      .action(async (images: readonly string[], { map }: { readonly map: string }) => {
        const [{ resolveCommand }, { openMapStore }] = await Promise.all([
          import('./commands/resolve.ts'),
          import('../stores/open.ts'),
        ]);
        const store = await openMapStore(map, world());
        finish(await resolveCommand(store, images, terminal()));
      });
  });
}
