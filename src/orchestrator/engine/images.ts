import { EngineError } from '../../errors.ts';
import type { Options } from '../../options.ts';
import type { Credential } from '../../registry/credentials.ts';
import { formatReference, parseReference, type DigestReference } from '../../registry/reference.ts';
import type { ContainerId, ImageId } from './container.ts';
import type { ContainerSpec } from './container-spec.ts';
import { isImageGoneMeanwhile, refused } from './engine-failures.ts';
import type { EngineRequests } from './engine-requests.ts';
import { parseLibpodHealthCheck } from './image-defaults.ts';
import { parseImage, type InspectedImage } from './inspect-json.ts';
import { inspectRaw, missing } from './lifecycle.ts';
import { pullImage } from './pull.ts';
import { readImage } from './read-container.ts';
import { readSpec } from './read-spec.ts';

/** @param name - a reference or an id @returns `undefined` if the engine does not have it */
export async function inspectImageRaw(
  requests: EngineRequests,
  name: string,
  options: Options,
): Promise<InspectedImage | undefined> {
  const what = `inspect image ${name}`;
  const answer = await requests.send({
    method: 'GET',
    path: `/images/${name}/json`,
    what,
    ...options,
  });
  if (answer.status === 404 || isImageGoneMeanwhile(answer)) return undefined;
  if (answer.status !== 200) throw refused(requests.location, what, answer);
  return parseImage(answer);
}

/** Pulls an image unless the engine has it, and makes sure that it has it then. */
export async function pullOnce(
  requests: EngineRequests,
  image: DigestReference,
  credential: Credential,
  stallMs: number,
  options: Options,
): Promise<ImageId> {
  const reference = formatReference(image);
  const present = await inspectImageRaw(requests, reference, options);
  if (present !== undefined) return readImage(present).id;
  const { prefix } = await requests.session(options);
  const { connection, location } = requests;
  // Twice: another app's clean-up may take what it shared with this one.
  for (let pulls = 0; pulls < 2; pulls += 1) {
    await pullImage({ connection, location, prefix, stallMs }, image, credential, options);
    const pulled = await inspectImageRaw(requests, reference, options);
    if (pulled !== undefined) return readImage(pulled).id;
  }
  throw new EngineError(
    'ENGINE_REFUSED',
    `${location} told of no failure pulling ${reference}, yet does not have it. See the engine's log.`,
  );
}

export async function removeImage(
  requests: EngineRequests,
  image: DigestReference | ImageId,
  options: Options,
): Promise<'removed' | 'in-use'> {
  const name = typeof image === 'string' ? image : formatReference(image);
  const what = `remove image ${name}`;
  const answer = await requests.send({
    method: 'DELETE',
    path: `/images/${name}`,
    what,
    ...options,
  });
  const isGone = answer.status === 404 || isImageGoneMeanwhile(answer);
  if (answer.status === 200 || isGone) return 'removed';
  if (answer.status === 409) return 'in-use';
  throw refused(requests.location, what, answer);
}

/** What a container was created with, without what its image gave. */
export async function specOf(
  requests: EngineRequests,
  id: ContainerId,
  options: Options,
): Promise<ContainerSpec> {
  const inspected = await inspectRaw(requests, id, options);
  if (inspected === undefined) throw missing(requests, id);
  const { dialect } = await requests.session(options);
  const image = await inspectImageRaw(requests, inspected.Image, options);
  if (image === undefined) {
    throw new EngineError(
      'ENGINE_REFUSED',
      `the image of container ${id} is gone from ${requests.location}: what the container was given cannot be told from what its image gave. Pull it again.`,
    );
  }
  const path = dialect.imageHealthCheckPath(inspected.Image.replace(/^sha256:/, ''));
  const healthCheck =
    path === undefined
      ? image.Config.Healthcheck
      : await libpodHealthCheck(requests, path, options);
  const reference = referenceOf(inspected.Config.Image, image, id);
  return readSpec(inspected, { reference, config: image.Config, healthCheck }, dialect);
}

async function libpodHealthCheck(
  requests: EngineRequests,
  path: string,
  options: Options,
): Promise<InspectedImage['Config']['Healthcheck']> {
  const what = 'inspect the image of a container';
  const answer = await requests.send({ method: 'GET', path, what, ...options });
  if (answer.status !== 200) throw refused(requests.location, what, answer);
  return parseLibpodHealthCheck(answer);
}

/** The digest a container was created with; Podman may tell a tag of it instead. */
function referenceOf(created: string, image: InspectedImage, id: ContainerId): DigestReference {
  for (const text of [created, ...image.RepoDigests]) {
    if (!text.includes('@')) continue;
    const reference = parseReference(text);
    if (reference.kind === 'digest') return reference;
  }
  throw new EngineError(
    'ENGINE_REFUSED',
    `container ${id} was created of ${created}, which has no digest: it was built or loaded on this machine, never pulled from a registry. Create the container of an image that was pulled.`,
  );
}
