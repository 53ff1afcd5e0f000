import { quote } from '../quote.ts';

/** What a service says went wrong, whatever HTTP status it said it with. */
export interface ErrorEnvelope {
  /** Status within the body: 404 in a 200, 409 in a 400. */
  readonly status: number | undefined;
  /** The service's words, quoted and cut; `undefined` if it had none. */
  readonly message: string | undefined;
}

const ERROR_WORDS = new Set(['error', 'errors', 'fail', 'failed', 'failure']);
const MESSAGE_KEYS = ['message', 'detail', 'error', 'error_description', 'msg', 'title', 'errors'];
const MAX_DEPTH = 4;

/**
 * Looks for an error in the body of an answer. The sibling routes of this API put errors into
 * answers of status 200, under several shapes; reading one as data would mean "no releases".
 *
 * @returns `undefined` if the body speaks of no error
 */
export function findErrorEnvelope(body: unknown): ErrorEnvelope | undefined {
  if (!isRecord(body)) return undefined;
  const status = statusWithin(body);
  const word = body['status'];
  const isError =
    (typeof word === 'string' && ERROR_WORDS.has(word.toLowerCase())) ||
    (status !== undefined && status >= 400) ||
    body['success'] === false ||
    body['ok'] === false ||
    hasContent(body['error']) ||
    hasContent(body['errors']) ||
    // FastAPI's only sign of an error.
    (hasContent(body['detail']) && !('releases' in body) && !('data' in body));
  return isError ? { status, message: describeError(body) } : undefined;
}

/** The words of an error body of any shape, quoted; `undefined` if it has none. */
export function describeError(body: unknown): string | undefined {
  const text = wordsOf(body, 0);
  return text === undefined ? undefined : quote(text, 300);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function statusWithin(body: Readonly<Record<string, unknown>>): number | undefined {
  const candidates = [body['status_code'], body['statusCode'], body['status'], body['code']];
  return candidates
    .map((value) => (typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value))
    .find((value): value is number => typeof value === 'number' && value >= 100 && value <= 599);
}

function wordsOf(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim();
  if (depth >= MAX_DEPTH) return undefined;
  if (Array.isArray(value)) {
    const words = value.slice(0, 3).flatMap((item: unknown) => wordsOf(item, depth + 1) ?? []);
    return words.length === 0 ? undefined : words.join('; ');
  }
  if (!isRecord(value)) return undefined;
  return MESSAGE_KEYS.map((key) => wordsOf(value[key], depth + 1)).find(
    (words) => words !== undefined,
  );
}

function hasContent(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isRecord(value) || (typeof value === 'string' && value !== '') || value === true;
}
