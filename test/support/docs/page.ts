import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The checkout. */
export const ROOT: string = join(import.meta.dirname, '../../..');

/** A piece of a page, and the line it begins at; 1-based. */
export interface Piece {
  readonly line: number;
  readonly text: string;
}

/** A fenced block. Its `line` is that of its first line of content. */
export interface Block extends Piece {
  /** What stands behind the fence: `yaml`, `sh`; empty for a bare one. */
  readonly language: string;
}

/** A page of Markdown, taken apart. */
export interface Page {
  /** From the checkout, for messages. */
  readonly path: string;
  readonly blocks: readonly Block[];
  /** What stands in backticks within the prose. */
  readonly spans: readonly Piece[];
  /** Where links of the prose lead. */
  readonly links: readonly Piece[];
  /** What can be linked to, as GitHub names it. */
  readonly anchors: ReadonlySet<string>;
}

/** Everything written in Markdown that users are given. */
export function readPages(): readonly Page[] {
  return globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: ROOT })
    .toSorted()
    .map((path) => parsePage(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function parsePage(path: string, text: string): Page {
  const blocks: Block[] = [];
  const prose: Piece[] = [];
  let open: { readonly fence: RegExp; readonly indent: number; readonly block: Block } | undefined;
  let content: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (open === undefined) {
      const [, indent = '', fence = '', language = ''] = /^( *)(`{3,})\s*(\S*)/.exec(line) ?? [];
      if (fence === '') {
        prose.push({ line: index + 1, text: line });
        continue;
      }
      const block = { line: index + 2, text: '', language };
      open = { fence: new RegExp(`^ *${fence}\\s*$`), indent: indent.length, block };
      content = [];
    } else if (open.fence.test(line)) {
      blocks.push({ ...open.block, text: content.map((one) => `${one}\n`).join('') });
      open = undefined;
    } else {
      content.push(line.slice(Math.min(open.indent, line.search(/\S|$/))));
    }
  }
  if (open !== undefined) throw new Error(`${path}:${open.block.line}: the block is not closed`);
  return {
    path,
    blocks,
    spans: find(prose, /`([^`]+)`/g),
    links: find(
      prose.map((piece) => ({ ...piece, text: piece.text.replaceAll(/`[^`]*`/g, '') })),
      /\]\(([^()\s]+)\)/g,
    ),
    anchors: anchorsIn(prose),
  };
}

function find(prose: readonly Piece[], pattern: RegExp): readonly Piece[] {
  return prose.flatMap(({ line, text }) =>
    [...text.matchAll(pattern)].map(([, found = '']) => ({ line, text: found })),
  );
}

/** GitHub: lower case, no punctuation, blanks as hyphens, a number where one comes again. */
function anchorsIn(prose: readonly Piece[]): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, title = ''] of prose.flatMap(({ text }) => [...text.matchAll(/^#+ (.*)$/g)])) {
    const plain = title
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    let anchor = plain;
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${plain}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}
