import { runInNewContext } from 'node:vm';

/** What expressions can ask for: `vars.NAME`, `steps.ID.outputs.NAME`. */
export type Contexts = Readonly<Record<string, unknown>>;

/** How the steps before went, for `always()`, `failure()` and `success()`. */
export type JobStatus = 'success' | 'failure';

type Value = string | number | boolean;

/** Strings, references with dots and hyphens, operators and functions without arguments. */
const TOKEN =
  /\s+|'(?:[^']|'')*'|\d+|[!=]=|&&|\|\||[()!]|(always|failure|success)(?=\(\))|(true|false)\b|[A-Za-z_][\w-]*(?:\.[\w-]+)*|[^]/g;

/**
 * Evaluates an expression of GitHub Actions, as far as workflows here need it.
 *
 * @throws SyntaxError it is written otherwise
 */
export function evaluate(expression: string, contexts: Contexts, status: JobStatus): Value {
  const script = expression.replaceAll(TOKEN, (token) => {
    if (/^[A-Za-z_]/.test(token) && !/^(?:always|failure|success|true|false)$/.test(token)) {
      return `get(${JSON.stringify(token)})`;
    }
    if (token.startsWith("'")) return JSON.stringify(token.slice(1, -1).replaceAll("''", "'"));
    if (/^(?:\s+|\d+|[!=]=|&&|\|\||[()!]|\w+)$/.test(token)) return token;
    throw new SyntaxError(`${token} in ${expression}`);
  });
  const functions = {
    get: (path: string) => lookUp(contexts, path),
    always: () => true,
    failure: () => status === 'failure',
    success: () => status === 'success',
  };
  return runInNewContext(script, functions) as Value;
}

/** Whether a step or a job runs: without a word on the steps before, only while they went well. */
export function isWanted(
  condition: string | undefined,
  contexts: Contexts,
  status: JobStatus,
): boolean {
  const asksStatus = /\b(?:always|failure|success)\(\)/.test(condition ?? '');
  if (!asksStatus && status === 'failure') return false;
  return condition === undefined || Boolean(evaluate(condition, contexts, status));
}

/** A text with its `${{ … }}` filled in. */
export function fill(text: unknown, contexts: Contexts, status: JobStatus): string {
  return String(text).replaceAll(/\$\{\{(.*?)\}\}/g, (_whole, expression: string) =>
    String(evaluate(expression.trim(), contexts, status)),
  );
}

/** What is not there is nothing, as in GitHub's. */
function lookUp(contexts: Contexts, path: string): unknown {
  let value: unknown = contexts;
  for (const key of path.split('.')) {
    value =
      typeof value === 'object' && value !== null
        ? (value as Readonly<Record<string, unknown>>)[key]
        : undefined;
  }
  return value ?? '';
}
