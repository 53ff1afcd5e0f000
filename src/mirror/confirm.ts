import { RegistryError } from '../errors.ts';
import type { Options } from '../options.ts';
import { formatReference } from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { CopiedImage } from './discover.ts';
import { pause } from './pause.ts';

/** Images on the point of being published, by what the target says of them at that moment. */
export interface Confirmed {
  readonly served: readonly CopiedImage[];
  readonly missing: readonly MissingImage[];
}

/** An image that the map must not name, for the target could not be seen to serve it. */
export interface MissingImage {
  readonly image: CopiedImage;
  readonly error: unknown;
}

/**
 * Asks the target once more, one HEAD an image: between the end of a copy and the writing of the map
 * minutes may pass, in which a clean-up or another writer has had the tag.
 *
 * @param lookAgainAfter - milliseconds before each further look at what is not served
 * @throws what the signal was aborted with; all else is a result
 */
export async function confirm(
  images: readonly CopiedImage[],
  target: RegistryReader,
  { lookAgainAfter, ...options }: Options & { readonly lookAgainAfter: readonly number[] },
): Promise<Confirmed> {
  let missing = await missingOf(images, target, options);
  for (const ms of lookAgainAfter) {
    if (missing.length === 0) break;
    await pause(ms, options);
    missing = await missingOf(
      missing.map(({ image }) => image),
      target,
      options,
    );
  }
  const lost = new Set(missing.map(({ image }) => image));
  return { served: images.filter((image) => !lost.has(image)), missing };
}

async function missingOf(
  images: readonly CopiedImage[],
  target: RegistryReader,
  options: Options,
): Promise<readonly MissingImage[]> {
  const looks = await Promise.all(
    images.map(async (image): Promise<readonly MissingImage[]> => {
      try {
        const head = await target.head(image.target, options);
        if (head?.digest === image.digest) return [];
        return [{ image, error: notServed(image, head?.digest) }];
      } catch (error) {
        options.signal?.throwIfAborted();
        return [{ image, error }];
      }
    }),
  );
  return looks.flat();
}

function notServed(image: CopiedImage, digest: string | undefined): RegistryError {
  const what = `${formatReference(image.target)} was copied as ${image.digest}, but when the map was to name it the registry`;
  return digest === undefined
    ? new RegistryError(
        'REGISTRY_NOT_FOUND',
        `${what} had lost it. The next run copies it again; look who removes tags there, for example a retention policy.`,
        { side: 'target', status: 404 },
      )
    : new RegistryError(
        'DIGEST_MISMATCH',
        `${what} served ${digest}: either it changes what it is given, or somebody else writes this tag. Look who does; the next run decides by target.existing.`,
        { side: 'target' },
      );
}
