import { ConfigError } from '../../errors.ts';
import { PLACEHOLDERS, targetNaming } from '../../mirror/naming.ts';
import { parseReference } from '../../registry/reference.ts';
import { parseReleasesUrl } from '../../releases/releases-url.ts';
import { suggest } from '../../settings/suggest.ts';
import { ask, refuseCommonMistakes } from '../../settings/texts.ts';

// Checks of single texts, as in settings/texts.ts, that only mirror.yaml needs.

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

/** @throws ConfigError not a tenant's address */
export function checkReleasesUrl(text: string): void {
  parseReleasesUrl(text);
}

/** Names an image that has everything a template can ask for. */
function expandSample(template: string): void {
  const release = { image: 'owner/name:1.2.3', appName: 'app', version: '1.2.3' };
  const source = parseReference(release.image);
  targetNaming({ image: template, overrides: [] })(release, source);
}
