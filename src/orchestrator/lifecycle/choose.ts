import type { Options } from '../../options.ts';
import { parseReferenceParts } from '../../registry/reference.ts';
import type { ContainerLabels } from '../app-spec/labels.ts';
import type { InstallRequest } from '../commands.ts';
import type { Choice } from './deploy.ts';
import { CommandRefused } from './failure.ts';
import type { AppWorld, RunnableImage } from './ports.ts';

/** The image that was asked for, or else the latest announced. */
export async function chooseAnnounced(
  world: AppWorld,
  request: Omit<InstallRequest, 'commandId'>,
  serving: ContainerLabels | undefined,
  options: Options,
): Promise<Choice> {
  const { source, version } = await announcedFor(world, request, options);
  const image = await world.images.admit(source, options);
  const previous = previousOf(serving, image);
  return {
    source,
    version: version ?? image.image.digest,
    image,
    ...(previous === undefined ? {} : { previous }),
  };
}

/** What runs, once more. */
export async function chooseSame(
  world: AppWorld,
  app: string,
  serving: ContainerLabels | undefined,
  options: Options,
): Promise<Choice> {
  const { source, version, image, previous, held } = installed(app, serving);
  return {
    source,
    version,
    image: await fetchable(world, source, image, options),
    ...(previous === undefined ? {} : { previous }),
    ...(held === undefined ? {} : { held }),
  };
}

/** What ran before; what is left is held back from automatic upgrades. */
export async function choosePrevious(
  world: AppWorld,
  app: string,
  serving: ContainerLabels | undefined,
  options: Options,
): Promise<Choice> {
  const labels = installed(app, serving);
  const { previous } = labels;
  if (previous === undefined) {
    throw new CommandRefused(
      'NO_PREVIOUS_VERSION',
      `${app} ${labels.version} has replaced nothing, so there is nothing to roll back to; upgrade it to the version you want`,
    );
  }
  const { version, source, image } = labels;
  return {
    source: previous.source,
    version: previous.version,
    image: await fetchable(world, previous.source, previous.image, options),
    previous: { version, source, image },
    held: source,
  };
}

/** @throws CommandRefused `APP_NOT_INSTALLED` */
export function installed(app: string, serving: ContainerLabels | undefined): ContainerLabels {
  if (serving !== undefined) return serving;
  throw new CommandRefused('APP_NOT_INSTALLED', `${app} is not installed here; install it first`);
}

/** Of an image that is still here nothing is asked of anybody: it was admitted when it came. */
async function fetchable(
  world: AppWorld,
  source: string,
  image: ContainerLabels['image'],
  options: Options,
): Promise<RunnableImage> {
  const local = await world.engine.inspectImage(image, options);
  if (local === undefined) return world.images.admitDigest(source, image, options);
  const credential = { kind: 'anonymous', origin: 'an image that is here already' } as const;
  return { image, credential, warnings: [] };
}

/** A rollback returns to another image, not to the same one configured otherwise. */
function previousOf(
  serving: ContainerLabels | undefined,
  next: RunnableImage,
): ContainerLabels['previous'] {
  if (serving === undefined) return undefined;
  if (serving.image.digest === next.image.digest) return serving.previous;
  const { version, source, image } = serving;
  return { version, source, image };
}

/** What is asked for, as announced. @throws ReleaseSourceError; CommandRefused `NO_RELEASE` */
export async function announcedFor(
  world: Pick<AppWorld, 'releases'>,
  { app, image, version }: Omit<InstallRequest, 'commandId'>,
  options: Options,
): Promise<{ readonly source: string; readonly version: string | undefined }> {
  if (image !== undefined) return { source: image, version: version ?? tagOf(image) };
  const { releases } = await world.releases.latest(options);
  const release = releases.find(({ appName }) => appName === app);
  if (release !== undefined) {
    return { source: release.image, version: release.version ?? tagOf(release.image) };
  }
  throw new CommandRefused(
    'NO_RELEASE',
    `${world.releases.location} announces no release of ${app}; name the image, or look at the tenant's marketplace`,
  );
}

function tagOf(source: string): string | undefined {
  return parseReferenceParts(source).tag;
}
