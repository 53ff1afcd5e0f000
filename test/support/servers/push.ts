import {
  ACCEPT_MANIFESTS,
  parseManifest,
  type Descriptor,
} from '../../../src/registry/manifest.ts';
import type { Digest } from '../../../src/registry/reference.ts';
import { buildIndex, tagOf, type TestImage } from '../images.ts';
import type { StoredManifest } from '../registry/store.ts';
import type { RegistryServer } from './registry-server.ts';

/** A repository of a real registry, and who may write to it. */
export interface RemoteRepository {
  readonly server: Pick<RegistryServer, 'url'>;
  readonly repository: string;
  readonly user?: { readonly user: string; readonly password: string };
}

/**
 * Puts an image and all it refers to into a repository of a real registry, by plain requests of
 * our own, so that what is tested is not also what prepares the test. What has a `subject` is
 * entered into the fallback tag where the registry has no referrers API.
 */
export async function pushTo(
  remote: RemoteRepository,
  image: TestImage,
  ...tags: readonly string[]
): Promise<void> {
  await Promise.all(
    [...image.blobs].map(async ([digest, bytes]) => putBlob(remote, digest, bytes)),
  );
  for (const manifest of image.manifests) {
    const answer = await putManifest(remote, manifest.digest, manifest);
    if (answer.headers.get('oci-subject') === null) await enterIntoFallback(remote, manifest);
  }
  const top = image.manifests.at(-1);
  if (top !== undefined) for (const tag of tags) await putManifest(remote, tag, top);
}

/** Puts one blob, in a session. */
export async function putBlob(
  remote: RemoteRepository,
  digest: Digest,
  bytes: Uint8Array,
): Promise<void> {
  const begun = await ask(remote, 'blobs/uploads/', { method: 'POST' });
  const location = new URL(begun.headers.get('location') ?? '', begun.url);
  location.searchParams.set('digest', digest);
  await ask(remote, location, {
    method: 'PUT',
    body: Buffer.from(bytes),
    headers: { 'content-type': 'application/octet-stream' },
  });
}

/** Puts a manifest under a tag or its digest. */
export async function putManifest(
  remote: RemoteRepository,
  reference: string,
  { bytes, mediaType }: Pick<StoredManifest, 'bytes' | 'mediaType'>,
): Promise<Response> {
  return ask(remote, `manifests/${reference}`, {
    method: 'PUT',
    body: Buffer.from(bytes),
    headers: { 'content-type': mediaType },
  });
}

/** Lists a manifest that has a subject under the fallback tag of that; leaves any other alone. */
export async function enterIntoFallback(
  remote: RemoteRepository,
  { bytes, mediaType, digest }: StoredManifest,
): Promise<void> {
  const { subject, artifactType, annotations } = parseManifest(bytes, mediaType);
  if (subject === undefined) return;
  const tag = tagOf(subject.digest);
  const answer = await ask(
    remote,
    `manifests/${tag}`,
    { headers: { accept: ACCEPT_MANIFESTS } },
    [200, 404],
  );
  const present =
    answer.status === 404 ? [] : ((await answer.json()) as { manifests: Descriptor[] }).manifests;
  const referrer: Descriptor = {
    mediaType,
    digest,
    size: bytes.byteLength,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  const index = buildIndex({ children: [...present, referrer].map(asChild) }).manifests.at(-1);
  if (index !== undefined) await putManifest(remote, tag, index);
}

/** Something that is at the registry already: only its descriptor is needed. */
function asChild(descriptor: Descriptor): TestImage {
  return { descriptor, digest: descriptor.digest, manifests: [], blobs: new Map() };
}

async function ask(
  { server, repository, user }: RemoteRepository,
  path: string | URL,
  init: Omit<RequestInit, 'headers'> & { readonly headers?: Record<string, string> },
  accepted?: readonly number[],
): Promise<Response> {
  const url = new URL(path, `${server.url}/v2/${repository}/`);
  const basic = user && Buffer.from(`${user.user}:${user.password}`).toString('base64');
  const headers = {
    ...init.headers,
    ...(basic === undefined ? {} : { authorization: `Basic ${basic}` }),
  };
  const answer = await fetch(url, { ...init, headers });
  if (accepted?.includes(answer.status) ?? answer.ok) return answer;
  throw new Error(`${init.method ?? 'GET'} ${url.href}: ${answer.status} ${await answer.text()}`);
}
