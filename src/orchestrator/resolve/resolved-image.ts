import type { Reference } from '../../registry/reference.ts';
import type { Revision } from '../../stores/map-store.ts';

/** What is pulled for an announced image, and why. */
export interface ResolvedImage {
  /** As the release or the command names it: `atlanhq/atlan-teradata-app:3.1.4`. */
  readonly announced: string;
  /** What is pulled in its place. */
  readonly reference: Reference;
  readonly explanation: Explanation;
}

/** The rule that decided, and what it went by. */
export type Explanation = MapExplanation | BaseExplanation | PlainExplanation;

export interface MapExplanation {
  /**
   * `map-exact`: an entry for this very image. `map-repository`: an entry for its repository, tag
   * appended. `not-in-map`: no entry, so that the image is pulled from where it was announced.
   */
  readonly rule: 'map-exact' | 'map-repository' | 'not-in-map';
  readonly map: {
    readonly location: string;
    readonly revision: Revision;
    /** The entry as it stands in the map; absent where there is none. */
    readonly entry?: { readonly key: string; readonly value: string; readonly line: number };
  };
}

export interface BaseExplanation {
  readonly rule: 'base';
  /** The beginning of the name, and what stands in its place. */
  readonly replaced: string;
  readonly by: string;
}

export interface PlainExplanation {
  /**
   * `outside-base`: there is a `base`, but it does not stand for this name. `recorded`: it ran
   * before, and returns by its digest from where it came.
   */
  readonly rule: 'unchanged' | 'outside-base' | 'recorded';
}

const PLAIN: Readonly<Record<PlainExplanation['rule'], string>> = {
  recorded: 'it ran before: fetched from where it came',
  'outside-base':
    'container_registry.base does not stand for this name: pulled from where it was announced',
  unchanged:
    'neither an image map nor container_registry.base is configured: pulled from where it was announced',
};

/** An explanation in one line, for people. */
export function explain({ explanation }: ResolvedImage): string {
  if ('map' in explanation) return explainMap(explanation);
  if (explanation.rule !== 'base') return PLAIN[explanation.rule];
  return `container_registry.base: ${explanation.by} in place of ${explanation.replaced}`;
}

function explainMap({ rule, map }: MapExplanation): string {
  const { location, revision, entry } = map;
  if (entry === undefined) {
    return `not in the map ${location} (revision ${revision}): pulled from where it was announced`;
  }
  const place = `${location}:${entry.line}: ${JSON.stringify(entry.key)} (revision ${revision})`;
  return rule === 'map-exact'
    ? `exact entry ${place}`
    : `entry for the repository, tag appended: ${place}`;
}
