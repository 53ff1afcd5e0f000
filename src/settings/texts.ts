import { ConfigError } from '../errors.ts';
import { globProblem } from '../glob.ts';
import { canonicalRegistry, parseReferenceParts } from '../registry/reference.ts';

// Checks of single texts. Their messages go on from the text, which is shown before them or, when
// it came from the environment, is not: so none of them repeats it.

/** @throws ConfigError not a host as references name it */
export function checkHost(text: string): void {
  refuseCommonMistakes(text);
  if (text.includes('/')) {
    throw new ConfigError('is more than a host: leave out everything from "/" on');
  }
  const message =
    'is not a registry host as it stands in references: expected host or host:port, with a dot, a port, or localhost';
  const parts = ask(() => parseReferenceParts(`${text}/name`), message);
  if (parts.registry !== canonicalRegistry(text)) throw new ConfigError(message);
}

/** @throws ConfigError */
export function checkGlob(text: string): void {
  const problem = globProblem(text);
  if (problem !== undefined) throw new ConfigError(problem);
}

/** @throws ConfigError not a regular expression */
export function checkPattern(text: string): void {
  try {
    // By itself, since what surrounds it on use could complete a parenthesis: `a)|(?:b`.
    RegExp(text, 'u');
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^.*: /s, '') : '';
    throw new ConfigError(`is not a regular expression: ${why}`, error);
  }
}

/** @throws ConfigError not a URL of the web, as issuers of identities are */
export function checkUrl(text: string): void {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return;
  throw new ConfigError('is not a URL that starts with https://');
}

/** @throws ConfigError neither a proxy's URL nor the word for none */
export function checkProxy(text: string): void {
  if (text === 'none' || /^https?:$/.test(URL.parse(text)?.protocol ?? '')) return;
  throw new ConfigError('is no usable proxy: write http://host:port, or none');
}

/** @throws ConfigError not PEM of that kind */
export function checkPem(label: string): (text: string) => void {
  const begin = new RegExp(`^-----BEGIN (?:[A-Z0-9]+ )*${label}-----$`, 'm');
  return (text) => {
    if (begin.test(text)) return;
    throw new ConfigError(`holds no PEM text "-----BEGIN ${label}-----"`);
  };
}

/** @throws ConfigError what is meant for a browser or holds white space */
export function refuseCommonMistakes(text: string): void {
  if (/^\w+:\/\//.test(text)) {
    throw new ConfigError(
      'starts with a scheme: a reference starts with the host, without https://',
    );
  }
  if (/\s/.test(text)) throw new ConfigError('holds white space');
}

/** Runs a parser whose own message repeats the text. */
export function ask<Result>(parse: () => Result, message: string): Result {
  try {
    return parse();
  } catch (error) {
    throw new ConfigError(message, error);
  }
}
