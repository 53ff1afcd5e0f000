import type { BaseIssue } from 'valibot';
import type { ConfigIssue } from '../errors.ts';
import { quote } from '../quote.ts';
import type { Problem } from './conform.ts';
import { formatPath, isWithin, type SettingPath } from './path.ts';
import { isMapping } from './raw.ts';
import { aboutOf, innerOf, shapeAt } from './shape.ts';
import { didYouMean } from './suggest.ts';
import { typeName } from './type-name.ts';
import type { Written } from './written.ts';

/** Turns what validation found into problems; what is known already is not told again. */
export function problemsOf(
  issues: readonly BaseIssue<unknown>[],
  known: readonly Problem[],
  written: Written,
): readonly Problem[] {
  return issues
    .flatMap(detail)
    .map((issue) => toProblem(issue, written))
    .filter(({ path }) => !known.some((problem) => isWithin(path, problem.path)));
}

/** Binds problems to their places, in the order of the file. */
export function toIssues(problems: readonly Problem[], written: Written): readonly ConfigIssue[] {
  return problems
    .map(({ path, message, atKey }) => {
      const place = written.locate(path, atKey === true ? 'key' : 'value');
      const setting = formatPath(path);
      return { message, ...(setting === '' ? {} : { path: setting }), ...place };
    })
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** A setting's text as far as it may be shown: never a secret, nor what the environment held. */
export function showValue(text: string, path: SettingPath, written: Written): string {
  const shape = shapeAt(written.schema, path);
  if (shape === undefined) return 'the value';
  const { secret, role } = innerOf(shape);
  // A file's content may be a secret although it was given as something else.
  if (secret === true || role === 'pem' || role === 'secret') return 'the value';
  const expression = written.expression(path);
  return expression === undefined ? quoteUrl(text) : `what ${quote(expression)} expands to`;
}

/** Quotes a text; of a URL only what holds no secrets. */
function quoteUrl(text: string): string {
  return quote(
    text.replace(/\/\/[^/]*@/g, '//[secret]@').replace(/(:\/\/[^?]*\?).*/s, '$1[secret]'),
  );
}

/** A path as it may be shown: a secret might have been written where its file belongs. */
export function showFile(text: string, path: SettingPath, written: Written): string {
  const shape = shapeAt(written.schema, path);
  const expression = written.expression(path);
  if (expression !== undefined) return `the file that ${quote(expression)} expands to`;
  const isSecret = shape === undefined || innerOf(shape).secret === true;
  return isSecret && !/^\.{0,2}\//.test(text) ? 'the file' : `the file ${quote(text)}`;
}

/** Of a mapping or list that may be something else too, what is wrong within it says more. */
function detail(issue: BaseIssue<unknown>): readonly BaseIssue<unknown>[] {
  const isContainer = isMapping(issue.input) || Array.isArray(issue.input);
  if (issue.type !== 'union' || !isContainer) return [issue];
  const within = (issue.issues ?? []).filter(({ path }) => path !== undefined);
  if (within.length === 0) return [issue];
  return within.map((inner) =>
    Object.assign({}, inner, { path: [...(issue.path ?? []), ...(inner.path ?? [])] }),
  );
}

function toProblem(issue: BaseIssue<unknown>, written: Written): Problem {
  const items = issue.path ?? [];
  const path = items.map(({ key }) => key as string | number);
  const { input } = issue;
  if (issue.kind === 'validation') {
    // A check across several settings speaks for itself, and so does what is wrong with a "yes".
    if (issue.type === 'partial_check' || input === true)
      return { path, message: issue.message, atKey: true };
    const isKey = items.at(-1)?.origin === 'key';
    const shown = isKey ? quote(String(input)) : showInput(input, path, written);
    return { path, message: `${shown} ${issue.message}`, atKey: isKey };
  }
  if (items.at(-1)?.origin === 'key') {
    const shape = shapeAt(written.schema, path);
    const example = shape === undefined ? undefined : aboutOf(shape).examples?.[0];
    const hint = example === undefined ? '' : `; for example ${JSON.stringify(example)}`;
    return { path, message: `missing${hint}`, atKey: true };
  }
  return { path, message: wrongType(issue, path, written) };
}

function showInput(input: unknown, path: SettingPath, written: Written): string {
  if (typeof input === 'string') return showValue(input, path, written);
  return typeof input === 'number' ? String(input) : 'they';
}

function wrongType(issue: BaseIssue<unknown>, path: SettingPath, written: Written): string {
  const { input } = issue;
  const expected = issue.expected ?? '';
  const words = [...expected.matchAll(/"([^"]*)"/g)].map(([, word = '']) => word);
  if (words.length === 0) {
    const hint =
      expected === 'string' && ['number', 'boolean'].includes(typeof input)
        ? ': put it in quotes'
        : '';
    return `expected ${TYPES[expected] ?? TYPES['Object']}, got ${typeName(input)}${hint}`;
  }
  const choices = words.map((word) => JSON.stringify(word));
  if (expected.includes('number')) choices.unshift('a number');
  if (expected.includes('Array')) choices.push('a list');
  const got = typeof input === 'string' ? showValue(input, path, written) : typeName(input);
  const meant =
    typeof input === 'string' && written.expression(path) === undefined
      ? didYouMean(input, words)
      : '';
  return `expected ${choices.join(' or ')}, got ${got}${meant}`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  number: 'a number',
  Array: 'a list',
  Object: 'a mapping (key: value)',
  '(string | Object)': 'text or a mapping (key: value)',
};
