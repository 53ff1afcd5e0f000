import type { YAMLError } from 'yaml';

/** What the parser says in its own way, by what people most likely meant. */
const WORDS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_ALIAS: 'a value that starts with "*" or "&" needs quotes',
  BAD_DQ_ESCAPE: 'within double quotes a backslash needs another one before it',
  BAD_SCALAR_START: 'a value that starts with this character needs quotes',
  DUPLICATE_KEY: 'this setting stands here twice',
  TAG_RESOLVE_FAILED: 'a value that starts with "!" needs quotes',
};

/**
 * Says what is wrong with the YAML without repeating any of it: an unquoted password is the most
 * likely thing to trip the parser.
 *
 * @param line - the line it stands on; only looked at
 */
export function describeYamlError({ code, message }: YAMLError, line: string): string {
  return `this is not YAML: ${WORDS[code] ?? withoutSource(message)}${hint(line)}`;
}

/** The parser quotes what it stumbled on after a colon. */
function withoutSource(message: string): string {
  return message.replace(/(?: in YAML stream)?: .*$/s, '');
}

function hint(line: string): string {
  if (/[{[].*\$\{/.test(line)) {
    return '. Within { } and [ ] an expression needs quotes: "${NAME}"';
  }
  if (/:\s+\{\w+\}\S/.test(line)) return '. A text that starts with "{" needs quotes';
  return '';
}
