import {
  canonicalRegistry,
  formatRepository,
  parseReference,
  type Reference,
} from '../../registry/reference.ts';
import type { ImagesConfig } from '../config/config.ts';
import type { ResolvedImage } from './resolved-image.ts';

/**
 * What is pulled for an announced image where there is no map: the same name and tag under `base`,
 * if `base` stands for names that begin so, else the image as announced.
 *
 * @throws ConfigError what is announced is not an image
 */
export function resolveByBase(
  announced: string,
  { base, baseReplaces }: Pick<ImagesConfig, 'base' | 'baseReplaces'>,
): ResolvedImage {
  const reference = parseReference(announced);
  if (base === undefined) return { announced, reference, explanation: { rule: 'unchanged' } };
  const explanation = { rule: 'base', replaced: baseReplaces, by: base } as const;
  const name = formatRepository(reference);
  // Whoever names the mirror itself means it.
  if (isUnder(name, canonicalBase(base))) return { announced, reference, explanation };
  if (!isUnder(name, baseReplaces)) {
    return { announced, reference, explanation: { rule: 'outside-base' } };
  }
  const rest = name.slice(baseReplaces.length + 1);
  return {
    announced,
    reference: parseReference(`${base}/${rest}${suffix(reference)}`),
    explanation,
  };
}

function isUnder(name: string, prefix: string): boolean {
  return name.startsWith(`${prefix}/`);
}

function canonicalBase(base: string): string {
  const [host = '', ...path] = base.split('/');
  return [canonicalRegistry(host), ...path].join('/');
}

function suffix(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  return reference.kind === 'digest' ? `${tag}@${reference.digest}` : tag;
}
