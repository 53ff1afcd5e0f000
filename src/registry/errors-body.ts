/** What a registry says about a refusal. */
export interface ErrorsBody {
  /** Upper-case codes such as `MANIFEST_UNKNOWN`; empty if it names none. */
  readonly codes: readonly string[];
  /** Codes and messages in one line fit for a log; empty if it says nothing. */
  readonly text: string;
  readonly isJson: boolean;
}

const MAX_TEXT = 300;
const MAX_ERRORS = 5;

/**
 * Reads the body of a refusal: the Distribution API's `{"errors": [{"code", "message", "detail"}]}`,
 * the variants with one `message`, `error` or `details`, or plain text. Never fails: a refusal with an
 * unreadable body is still that refusal.
 */
export function parseErrorsBody(body: Uint8Array): ErrorsBody {
  const text = Buffer.from(body).toString('utf8');
  const value = parseJson(text);
  if (value === undefined)
    return { codes: [], text: isMarkup(text) ? '' : line(text), isJson: false };
  const errors = errorsOf(value).slice(0, MAX_ERRORS);
  return {
    codes: errors.flatMap(({ code }) => (code === '' ? [] : [code.toUpperCase()])),
    text: line(
      errors
        .map(({ code, message }) => [code, message].filter((part) => part !== '').join(': '))
        .filter((part) => part !== '')
        .join('; '),
    ),
    isJson: true,
  };
}

interface OneError {
  readonly code: string;
  readonly message: string;
}

function errorsOf(value: unknown): readonly OneError[] {
  if (!isObject(value)) return [];
  const { errors } = value;
  const list: readonly unknown[] = Array.isArray(errors) ? errors : [value];
  return list.filter(isObject).map((error) => ({
    code: string(error['code']) || string(error['error']),
    message:
      string(error['message']) || string(error['error_description']) || string(error['details']),
  }));
}

/** One line without control characters, which could forge log lines or colour a terminal. */
function line(text: string): string {
  const clean = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}…` : clean;
}

function isMarkup(text: string): boolean {
  return /^\s*<(?:!doctype|html|\?xml|head|body)/i.test(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is one of the expected shapes, told apart by the caller.
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
