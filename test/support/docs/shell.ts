import type { Piece } from './page.ts';

/** One simple command, as a shell would take it apart. */
export interface ShellCommand {
  readonly line: number;
  /** Assignments before the command are left out. */
  readonly words: readonly string[];
}

/** What was typed, of a block that shows a terminal: lines after a prompt, and what continues them. */
export function typedIn({ line, text }: Piece): Piece {
  let continues = false;
  const kept = text.split('\n').map((shown) => {
    const isTyped = continues || shown.startsWith('$ ');
    const typed = isTyped ? shown.replace(/^\$ /, '') : '';
    continues = isTyped && typed.endsWith('\\');
    return typed;
  });
  return { line, text: kept.join('\n') };
}

/**
 * The commands of a script, as far as documents need it: quotes, comments, continued lines, pipes,
 * lists, redirections, substitutions, here-documents.
 */
export function commandsIn({ line: first, text }: Piece): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  let line = first;
  let startedAt = first;
  const end = (): void => {
    const from = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
    if (from !== -1) commands.push({ line: startedAt, words: words.slice(from) });
    words = [];
  };
  const script = withoutHereDocuments(text);
  for (const [token] of script.matchAll(TOKEN)) {
    if (words.length === 0) startedAt = line;
    if (/^[\n;|&(){}]/.test(token)) end();
    else if (!/^(?:\s|\\\n|#|\d*[<>])/.test(token)) words.push(unquote(token));
    line += token.split('\n').length - 1;
  }
  end();
  return commands;
}

/** Continuation, blank, comment, redirection, operator, word. */
const TOKEN =
  /\\\n|[^\S\n]+|(?<![^\s;|&(])#[^\n]*|\d*[<>]{1,2}&?[^\S\n]*[^\s;|&()<>]*|\n|;|\|\|?|&&?|[(){}](?=\s|$)|(?:'[^']*'|"(?:\\[^]|[^"\\])*"|\$\([^()]*\)|\\[^\n]|[^\s;|&<>"'\\])+|[^]/g;

/** Their content is no command; its lines are kept, so that those below keep their numbers. */
function withoutHereDocuments(text: string): string {
  return text.replaceAll(
    /<<-?\s*(['"]?)(\w+)\1([^\n]*\n)([^]*?)^\s*\2$/gm,
    (_whole, _quote, _word, rest: string, body: string) => rest + body.replaceAll(/[^\n]+/g, ''),
  );
}

function unquote(word: string): string {
  return word.replaceAll(
    /'([^']*)'|"((?:\\[^]|[^"\\])*)"|\\([^])/g,
    (_whole, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replaceAll(/\\([$`"\\])/g, '$1') ?? escaped ?? '',
  );
}
