import { ConfigError } from '../../errors.ts';
import { globProblem } from '../../glob.ts';
import { PLACEHOLDERS, targetNaming } from '../../mirror/naming.ts';
import {
  canonicalRegistry,
  parseReference,
  parseReferenceParts,
} from '../../registry/reference.ts';
import { parseReleasesUrl } from '../../releases/releases-url.ts';
import { suggest } from '../suggest.ts';

// Checks of single texts. Their messages go on from the text, which is shown before them or, when
// it came from the environment, is not: so none of them repeats it.

/** @throws ConfigError not an image with a tag or digest */
export function checkImage(text: string): void {
  refuseCommonMistakes(text);
  ask(
    () => parseReference(text),
    'is not an image reference: expected repository:tag, like atlanhq/atlan-teradata-app:3.1.4',
  );
}

/** @throws ConfigError a template that no image could be named by */
export function checkTemplate(text: string): void {
  refuseCommonMistakes(text);
  for (const [placeholder, name = ''] of text.matchAll(/\{([^{}]*)\}/g)) {
    if ((PLACEHOLDERS as readonly string[]).includes(name)) continue;
    const meant = suggest(name, PLACEHOLDERS);
    const known = PLACEHOLDERS.map((known) => `{${known}}`).join(' ');
    const which = meant === undefined ? '.' : ` ${placeholder}; did you mean {${meant}}?`;
    throw new ConfigError(`has an unknown placeholder${which} Known are ${known}`);
  }
  if (/[{}]/.test(text.replaceAll(/\{[^{}]*\}/g, ''))) {
    throw new ConfigError('has a brace without its partner');
  }
  if (!/\{(?:tag|version)\}/.test(text)) {
    throw new ConfigError(
      'gives every version of an image the same name: use {tag} (or {version}) in it',
    );
  }
  ask(
    () => expandSample(text),
    'gives no reference with a tag; expected host/repository:tag, like registry.mycompany.com/atlan/{name}:{tag}',
  );
}

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

/** @throws ConfigError not a tenant's address */
export function checkReleasesUrl(text: string): void {
  parseReleasesUrl(text);
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

/** @throws ConfigError not PEM of that kind */
export function checkPem(label: string): (text: string) => void {
  const begin = new RegExp(`^-----BEGIN (?:[A-Z0-9]+ )*${label}-----$`, 'm');
  return (text) => {
    if (begin.test(text)) return;
    throw new ConfigError(`holds no PEM text "-----BEGIN ${label}-----"`);
  };
}

/** Names an image that has everything a template can ask for. */
function expandSample(template: string): void {
  const release = { image: 'owner/name:1.2.3', appName: 'app', version: '1.2.3' };
  const source = parseReference(release.image);
  targetNaming({ image: template, overrides: [] })(release, source);
}

function refuseCommonMistakes(text: string): void {
  if (/^\w+:\/\//.test(text)) {
    throw new ConfigError(
      'starts with a scheme: a reference starts with the host, without https://',
    );
  }
  if (/\s/.test(text)) throw new ConfigError('holds white space');
}

/** Runs a parser whose own message repeats the text. */
function ask<Result>(parse: () => Result, message: string): Result {
  try {
    return parse();
  } catch (error) {
    throw new ConfigError(message, error);
  }
}
