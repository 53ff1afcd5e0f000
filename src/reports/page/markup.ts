import { escapeUnprintable } from '../../quote.ts';

/** HTML that may stand as it is. Only {@link html} makes it, so no text gets in unescaped. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a hole of a template; `undefined` is nothing. */
export type Content = string | number | Markup | undefined | readonly Content[];

/** Markup with holes. Whatever goes into one is shown as text, unless it is markup itself. */
export function html(template: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const [head = '', ...rest] = template;
  return new Markup(head + rest.map((text, index) => render(contents[index]) + text).join(''));
}

function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Markup) return content.toString();
  if (typeof content === 'object') return content.map(render).join('');
  return escape(String(content));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Also shows what would turn the direction of text or hide in it. */
function escape(text: string): string {
  return text
    .split('\n')
    .map(escapeUnprintable)
    .join('\n')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
