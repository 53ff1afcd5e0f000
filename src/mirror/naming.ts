import { ConfigError } from '../errors.ts';
import { parseTagReference, type Reference, type TagReference } from '../registry/reference.ts';
import type { Release } from '../releases/release-source.ts';

/** Decides under which tag an announced image stands at the target. */
export type TargetNaming = (release: Release, source: Reference) => TagReference;

export interface NamingRules {
  /** Template, `registry.mycompany.com/atlan/{name}:{tag}`. */
  readonly image: string;
  /** The first whose `matches` accepts the source wins over `image`. */
  readonly overrides: readonly {
    readonly matches: (source: Reference) => boolean;
    readonly image: string;
  }[];
}

/** What a template may use; the configuration offers these when it meets an unknown one. */
export const PLACEHOLDERS = ['registry', 'repository', 'name', 'tag', 'app', 'version'] as const;

type Placeholder = (typeof PLACEHOLDERS)[number];

/**
 * Makes the naming that `target.image` and `target.overrides` describe.
 *
 * The returned function throws ConfigError when an image lacks what its template asks for, or when
 * the result is no tag reference.
 */
export function targetNaming(rules: NamingRules): TargetNaming {
  return (release, source) => {
    const override = rules.overrides.find(({ matches }) => matches(source));
    const template = override?.image ?? rules.image;
    const values: Readonly<Record<Placeholder, string | undefined>> = {
      registry: source.registry,
      repository: source.repository,
      name: source.repository.slice(source.repository.lastIndexOf('/') + 1),
      tag: source.tag,
      app: release.appName,
      version: release.version,
    };
    const text = template.replace(/\{(\w+)\}/g, (whole, key: string) => {
      const value = Object.hasOwn(values, key) ? values[key as Placeholder] : undefined;
      if (value !== undefined) return value;
      throw new ConfigError(
        `${release.image} has no ${key}, which ${JSON.stringify(template)} asks for in ${whole}: give it a template of its own under target.overrides`,
      );
    });
    return parseTagReference(text);
  };
}
