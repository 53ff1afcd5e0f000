import { ConfigError, RegistryError, type RegistryErrorCode, type Side } from '../errors.ts';
import { conceal } from '../conceal.ts';

/** What the words of skopeo mean; the first that fits. */
const CODES: readonly (readonly [RegExp, RegistryErrorCode])[] = [
  [/digest did not match|does not match expected digest/i, 'DIGEST_MISMATCH'],
  [/toomanyrequests|too many requests|status\b[^:]*:? 429/i, 'REGISTRY_RATE_LIMITED'],
  [/\bunauthorized\b|\bdenied\b|status\b[^:]*:? 40[13]/i, 'REGISTRY_UNAUTHORIZED'],
  [/(?:manifest|name|blob) unknown|status\b[^:]*:? 404/i, 'REGISTRY_NOT_FOUND'],
  [
    /connection refused|connection reset|no such host|timeout|deadline exceeded|\bEOF\b|tls:|x509:|server gave HTTP response|status\b[^:]*:? 5\d\d/i,
    'REGISTRY_UNAVAILABLE',
  ],
];

// How containers/image says which end it was dealing with; its outermost words come first.
const SOURCE =
  /initializing source|reading (?:blob|manifest|config)|fetching blob|Source image rejected/i;
const TARGET =
  /initializing destination|trying to reuse blob|writing (?:blob|config|manifest)|uploading (?:layer|manifest)/i;

/** Makes one of our errors of what skopeo said before it gave up. */
export function skopeoFailure(
  stderr: string,
  what: string,
  secrets: readonly string[],
  cause?: unknown,
): RegistryError | ConfigError {
  const said = redact(lastWords(stderr), secrets);
  if (/policy\.json/.test(said)) {
    return new ConfigError(
      `skopeo could not ${what}: ${said}. It wants a signature policy of its own: install the package containers-common, or write /etc/containers/policy.json`,
      cause,
    );
  }
  const [, code] = CODES.find(([pattern]) => pattern.test(said)) ?? [];
  // A digest is checked while the blob is being written, but wrong bytes are the source's.
  const side = code === 'DIGEST_MISMATCH' ? 'source' : sideOf(said);
  const where = side === undefined ? '' : ` (at the ${side})`;
  return new RegistryError(
    code ?? 'REGISTRY_REFUSED',
    `skopeo could not ${what}${where}: ${said === '' ? 'it said nothing' : said}`,
    { side, cause },
  );
}

function sideOf(said: string): Side | undefined {
  const [source, target] = [said.search(SOURCE), said.search(TARGET)];
  if (source === -1 && target === -1) return undefined;
  return target === -1 || (source !== -1 && source < target) ? 'source' : 'target';
}

/** The message of the last fatal log line, or the last line there is. */
function lastWords(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const fatal = lines.findLast((line) => line.includes('level=fatal')) ?? lines.at(-1) ?? '';
  const quoted = /\bmsg=("(?:[^"\\]|\\.)*")/.exec(fatal)?.[1];
  return quoted === undefined ? fatal : unquote(quoted);
}

function unquote(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    // Go quotes a little more than JSON does; what it wrote is readable as it is.
    return text.slice(1, -1);
  }
}

/** Signed URLs carry their right in the query; user names and passwords may stand before a host. */
function redact(text: string, secrets: readonly string[]): string {
  return conceal(text, secrets)
    .replace(/\?[^\s"'?]*=[^\s"']*/g, '?[query]')
    .replace(/\/\/[^/\s"'@]+@/g, '//[secret]@')
    .replace(/\b(Bearer|Basic) [\w.~+/=-]+/gi, '$1 [secret]')
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .slice(0, 1000);
}
