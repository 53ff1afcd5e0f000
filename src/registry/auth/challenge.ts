/** One way to authenticate that a `WWW-Authenticate` header offers. */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Lower-case names; the first of a repeated name counts. */
  readonly parameters: Readonly<Record<string, string>>;
}

// RFC 9110, 5.6.2 and 11.2.
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
const EQUALS = /\s*=\s*/y;
const SPACE = /\s+/y;
const SEPARATORS = /[\s,]*/y;

/**
 * Parses a `WWW-Authenticate` header, several challenges in one value included. What cannot be
 * understood ends the reading; the challenges before it stand.
 */
export function parseChallenges(header: string | undefined): readonly Challenge[] {
  const text = header ?? '';
  const challenges: Challenge[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    at = pattern.lastIndex;
    return found[1] ?? found[0];
  };
  take(SEPARATORS);
  while (at < text.length) {
    const scheme = take(TOKEN);
    if (scheme === undefined) break;
    // A prototype of null: a parameter may be called anything, `__proto__` included.
    const parameters: Record<string, string> = Object.create(null) as Record<string, string>;
    if (take(SPACE) !== undefined && isTokenOnly(text, at)) take(TOKEN68);
    else takeParameters(parameters);
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
    take(SEPARATORS);
  }
  return challenges;

  function takeParameters(into: Record<string, string>): void {
    for (;;) {
      const start = at;
      take(SEPARATORS);
      const name = take(TOKEN)?.toLowerCase();
      // A name without "=" is the scheme of the next challenge.
      if (name === undefined || take(EQUALS) === undefined) {
        at = start;
        return;
      }
      const quoted = take(QUOTED)?.replace(/\\(.)/gs, '$1');
      const value = quoted ?? take(TOKEN) ?? '';
      into[name] ??= value;
    }
  }
}

/** Whether what follows a scheme is a single token68 (as in `Negotiate abc==`), not parameters. */
function isTokenOnly(text: string, at: number): boolean {
  TOKEN68.lastIndex = at;
  return TOKEN68.test(text);
}
