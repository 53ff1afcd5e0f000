import { ExitCode } from '../../exit-code.ts';
import { explain } from '../../orchestrator/resolve/resolved-image.ts';
import type { ImageResolver } from '../../orchestrator/resolve/resolve.ts';
import { formatReference } from '../../registry/reference.ts';
import { printable } from '../output/format.ts';
import { reportLines } from '../output/json.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';

/** `resolve`: what would be pulled now, decided as for an install. */
export async function resolveImages(
  resolver: ImageResolver,
  images: readonly string[],
  { withRule }: { readonly withRule: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const resolved = await Promise.all(images.map(async (image) => resolver.resolve(image)));
  const { format, stdout, paint } = terminal;
  const text =
    format === 'json'
      ? reportLines(
          resolved.map(({ announced, reference, explanation }) => ({
            image: announced,
            reference: formatReference(reference),
            ...explanation,
          })),
        )
      : resolved
          .map((each) => {
            const { announced, reference, explanation } = each;
            const isMirrored = explanation.rule.startsWith('map-') || explanation.rule === 'base';
            const shown = formatReference(reference);
            const target = isMirrored ? printable(shown) : paint('yellow', printable(shown));
            const rule = withRule ? `  (${printable(explain(each))})` : '';
            return `${printable(announced)} → ${target}${rule}\n`;
          })
          .join('');
  await writeResult(stdout, text);
  return ExitCode.ok;
}
