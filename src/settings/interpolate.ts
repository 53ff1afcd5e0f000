import type { SettingPath } from './path.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Interpolation {
  readonly value: unknown;
  /** Texts that held an expression, as they were written. */
  readonly expanded: readonly { readonly path: SettingPath; readonly written: string }[];
  readonly problems: readonly { readonly path: SettingPath; readonly message: string }[];
}

const NAME = /^[A-Za-z_]\w*$/;

/**
 * Expands `${NAME}` and `${NAME:-default}` in every text of parsed data; `$${` stands for `${`.
 * Because the data is parsed already, a value can never become more than one text. The default
 * applies when the variable is unset or empty, as in a shell, and may hold expressions itself.
 */
export function interpolate(value: unknown, env: Environment): Interpolation {
  const expanded: { path: SettingPath; written: string }[] = [];
  const problems: { path: SettingPath; message: string }[] = [];
  const visit = (node: unknown, path: SettingPath): unknown => {
    if (Array.isArray(node)) return node.map((item, index) => visit(item, [...path, index]));
    if (typeof node === 'object' && node !== null) {
      const entries = Object.entries(node).map(([key, item]) => [key, visit(item, [...path, key])]);
      return Object.assign(Object.create(null), Object.fromEntries(entries));
    }
    if (typeof node !== 'string' || !node.includes('${')) return node;
    expanded.push({ path, written: node });
    return expand(node, env, (message) => problems.push({ path, message }));
  };
  return { value: visit(value, []), expanded, problems };
}

function expand(text: string, env: Environment, complain: (message: string) => void): string {
  let result = '';
  let rest = text;
  for (;;) {
    const start = rest.indexOf('${');
    if (start === -1) return result + rest;
    if (rest[start - 1] === '$') {
      result += `${rest.slice(0, start - 1)}\${`;
      rest = rest.slice(start + 2);
      continue;
    }
    const end = closingBrace(rest, start + 2);
    if (end === -1) {
      complain('"${" is never closed by "}"; to write "${" itself, double the dollar: "$${"');
      return result + rest;
    }
    result += rest.slice(0, start) + valueOf(rest.slice(start + 2, end), env, complain);
    rest = rest.slice(end + 1);
  }
}

function valueOf(
  expression: string,
  env: Environment,
  complain: (message: string) => void,
): string {
  const split = expression.indexOf(':-');
  const name = split === -1 ? expression : expression.slice(0, split);
  if (!NAME.test(name)) {
    complain(
      `${JSON.stringify(`\${${expression}}`)} is no expression: write \${NAME} or \${NAME:-default}, or $\${ for the characters themselves`,
    );
    return '';
  }
  const value = env[name];
  if (split !== -1) {
    return value === undefined || value === ''
      ? expand(expression.slice(split + 2), env, complain)
      : value;
  }
  if (value === undefined) {
    complain(
      `the environment variable ${name} is not set: set it, or write a default: \${${name}:-…}`,
    );
  }
  return value ?? '';
}

/** The brace that closes an expression; those within its default come in pairs. */
function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let index = from; index < text.length; index++) {
    if (text[index] === '{') depth += 1;
    if (text[index] === '}') depth -= 1;
    if (depth === 0) return index;
  }
  return -1;
}
