import type { Piece } from './page.ts';
import { commandsIn } from './shell.ts';

/** A command as a page shows it, and what it shows below. */
export interface Shown {
  readonly line: number;
  readonly words: readonly string[];
  readonly output: readonly string[];
}

/** Takes a block that shows a terminal apart. */
export function transcriptOf({ line: first, text }: Piece): readonly Shown[] {
  const shown: { line: number; typed: string; output: string[] }[] = [];
  for (const [index, line] of text.replace(/\n$/, '').split('\n').entries()) {
    const last = shown.at(-1);
    if (line.startsWith('$ ')) {
      shown.push({ line: first + index, typed: line.slice(2), output: [] });
    } else if (last?.output.length === 0 && last.typed.endsWith('\\')) {
      last.typed += `\n${line}`;
    } else last?.output.push(line);
  }
  return shown.map(({ line, typed, output }) => ({
    line,
    words: commandsIn({ line, text: typed })[0]?.words ?? [],
    output,
  }));
}

/**
 * Whether an output is what was shown: `…` stands for anything within a line, alone for any lines;
 * sizes and times differ from run to run.
 */
export function isAsShown(output: string, shown: readonly string[]): boolean {
  const pattern = shown
    .map((line) => (line === '…' ? '(?:.*\n)*?' : `${patternOf(line)}\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(output);
}

function patternOf(line: string): string {
  return line
    .split('…')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('.*')
    .replaceAll(/\d+(?:\\\.\d+)? (?:[kMG]?B)\b/g, '[\\d.]+ [kMG]?B')
    .replaceAll(/in \d+(?:\\\.\d+)? s/g, 'in [\\d.]+ (?:ms|s)');
}
