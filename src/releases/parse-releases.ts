import { ReleaseSourceError, errorMessage } from '../errors.ts';
import { escapeUnprintable, quote } from '../quote.ts';
import { formatReference, parseReference } from '../registry/reference.ts';
import { findErrorEnvelope, isRecord } from './error-envelope.ts';
import { nextStep } from './next-step.ts';
import type { Release, ReleaseList } from './release-source.ts';

export interface ParseReleasesOptions {
  /** Where the body came from; for errors. */
  readonly location: string;
  /** Whether that is a file that somebody put there; by default it was asked just now. */
  readonly isFile?: boolean;
  /** Registry of announced references that name none. */
  readonly defaultRegistry?: string | undefined;
}

/** So many unusable entries are told of one by one; a body can hold millions. */
const MOST_TOLD = 1000;
const FETCH_AGAIN = 'Put the answer of latest-releases there, as it came.';

/**
 * Reads the body of latest-releases: `{"releases": […]}`, bare or under `data`. Unknown fields are
 * ignored, missing optional ones tolerated, and an entry without a usable image is skipped without
 * losing the others.
 *
 * @throws ReleaseSourceError the body is an error or has another shape; never "no releases"
 */
export function parseReleases(body: unknown, options: ParseReleasesOptions): ReleaseList {
  const entries = findEntries(body, options);
  const byReference = new Map<string, Release>();
  const skipped: string[] = [];
  let untold = 0;
  for (const [index, entry] of entries.entries()) {
    const parsed = parseEntry(entry, options.defaultRegistry);
    if (typeof parsed === 'string') {
      if (skipped.length < MOST_TOLD) {
        skipped.push(`entry ${index + 1}${nameEntry(entry)}: ${parsed}`);
      } else untold += 1;
      continue;
    }
    const { canonical, release } = parsed;
    // What the first announcement leaves out may stand in the second.
    byReference.set(canonical, { ...release, ...byReference.get(canonical) });
  }
  const [firstSkipped] = skipped;
  if (byReference.size === 0 && firstSkipped !== undefined) {
    throw new ReleaseSourceError(
      `${options.location} lists ${entries.length} releases, none with a usable image, so nothing is known about what to mirror. The first: ${firstSkipped}. A release needs an image with a tag, as in "atlanhq/app:1.0.0": tell whoever publishes the list.`,
      { retryable: false },
    );
  }
  if (untold > 0) skipped.push(`${untold} more entries without a usable image`);
  return { releases: [...byReference.values()], skipped };
}

function findEntries(
  body: unknown,
  { location, isFile = false }: ParseReleasesOptions,
): readonly unknown[] {
  const verb = isFile ? 'holds' : 'answered with';
  const inner = isRecord(body) && !('releases' in body) && 'data' in body ? body['data'] : body;
  const error = findErrorEnvelope(body) ?? findErrorEnvelope(inner);
  if (error !== undefined) {
    const status = error.status === undefined ? '' : ` ${error.status}`;
    const words = error.message === undefined ? ' without a message' : `: ${error.message}`;
    const next = isFile ? FETCH_AGAIN : nextStep(error.status ?? 500);
    throw new ReleaseSourceError(
      `${location} ${verb} an error${status}${words}, not ${isFile ? '' : 'with '}releases. ${next}`,
      { retryable: !isFile && isPassing(error.status) },
    );
  }
  if (isRecord(inner) && Array.isArray(inner['releases'])) return inner['releases'];
  throw new ReleaseSourceError(
    `${location} ${verb} ${describeShape(inner)} where {"releases": […]} was expected. ${isFile ? FETCH_AGAIN : 'Check that it is the address of the releases.'}`,
    { retryable: false },
  );
}

function isPassing(status: number | undefined): boolean {
  return status === undefined || status >= 500 || status === 429;
}

function describeShape(value: unknown): string {
  if (Array.isArray(value)) return 'a JSON list';
  if (!isRecord(value)) return value === null ? 'null' : `a JSON ${typeof value}`;
  if ('releases' in value) return 'a "releases" that is no list';
  const keys = Object.keys(value).slice(0, 5);
  return keys.length === 0
    ? 'an empty JSON object'
    : `a JSON object of ${keys.map((key) => quote(key, 40)).join(', ')}`;
}

function parseEntry(
  entry: unknown,
  defaultRegistry: string | undefined,
): { readonly canonical: string; readonly release: Release } | string {
  if (!isRecord(entry)) return 'it is no JSON object';
  const image = entry['image'];
  if (image === undefined || image === null || image === '') return 'it names no image';
  if (typeof image !== 'string') return 'its image is no text';
  try {
    const reference = parseReference(image, defaultRegistry);
    if (reference.tag === undefined) {
      return `${quote(image)} names a digest without a tag, so its target could not be named`;
    }
    return { canonical: formatReference(reference), release: toRelease(image, entry) };
  } catch (error) {
    return escapeUnprintable(errorMessage(error));
  }
}

function toRelease(image: string, entry: Readonly<Record<string, unknown>>): Release {
  const appName = textOf(entry['app_name']);
  const appId = textOf(entry['app_id']);
  const version = textOf(entry['version']);
  const versionId = textOf(entry['version_id']);
  return {
    image,
    ...(appName === undefined ? {} : { appName }),
    ...(appId === undefined ? {} : { appId }),
    ...(version === undefined ? {} : { version }),
    ...(versionId === undefined ? {} : { versionId }),
  };
}

/** An optional field, or nothing if it is not what people call text. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string' || value === '' || value.length > 256) return undefined;
  return /\p{C}/u.test(value) ? undefined : value;
}

function nameEntry(entry: unknown): string {
  if (!isRecord(entry)) return '';
  const { app_name: app, version } = entry;
  const parts = [
    typeof app === 'string' ? `app ${quote(app, 80)}` : undefined,
    typeof version === 'string' ? `version ${quote(version, 80)}` : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
