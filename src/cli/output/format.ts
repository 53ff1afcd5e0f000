import { styleText } from 'node:util';
import { escapeUnprintable } from '../../quote.ts';

export { formatBytes, formatDuration, plural } from '../../measures.ts';

type Style = Parameters<typeof styleText>[0];

/** Styles text for one stream; leaves it plain where the stream shows no colours. */
export type Paint = (style: Style, text: string) => string;

/** Colours as the terminal, `NO_COLOR` and `FORCE_COLOR` have it. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (style, text) => styleText(style, text, { stream, validateStream: true });
}

export const plainPaint: Paint = (_style, text) => text;

/** Makes foreign text safe to print on one line: what could move a cursor is shown as an escape. */
export function printable(text: string): string {
  return escapeUnprintable(text.replaceAll('\n', ' '));
}
