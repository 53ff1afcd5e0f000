import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

/** A registry as anybody sees it: plain requests, nothing of the product. */
export interface SeenRegistry {
  readonly url: string;
  readonly user?: { readonly user: string; readonly password: string };
}

interface ManifestBody {
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** The tags of a repository; none where there is no such repository. */
export async function tagsOf(
  registry: SeenRegistry,
  repository: string,
): Promise<readonly string[]> {
  const answer = await ask(registry, `${repository}/tags/list`);
  if (answer.status === 404) return [];
  assert.equal(answer.status, 200, `the tags of ${repository}`);
  return ((await answer.json()) as { readonly tags: readonly string[] | null }).tags ?? [];
}

/**
 * Reads a manifest and all it refers to, to the last byte.
 *
 * @param reference - tag or digest
 * @returns the digests of it and of the manifests it lists
 * @throws AssertionError something of it is missing, or its bytes have another digest
 */
export async function readWhole(
  registry: SeenRegistry,
  repository: string,
  reference: string,
): Promise<{ readonly digest: string; readonly children: readonly string[] }> {
  const name = `${repository}@${reference}`;
  const answer = await ask(registry, `${repository}/manifests/${reference}`, ACCEPT);
  assert.equal(answer.status, 200, `${name} is not served`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const digest = digestOf(bytes);
  if (reference.startsWith('sha256:')) assert.equal(digest, reference, `the bytes of ${name}`);
  const { config, layers = [], manifests = [] } = JSON.parse(bytes.toString()) as ManifestBody;
  for (const blob of [...(config === undefined ? [] : [config]), ...layers]) {
    const got = await ask(registry, `${repository}/blobs/${blob.digest}`);
    assert.equal(got.status, 200, `${name} lacks the blob ${blob.digest}`);
    const content = Buffer.from(await got.arrayBuffer());
    assert.equal(digestOf(content), blob.digest, `the bytes of a blob of ${name}`);
  }
  for (const child of manifests) await readWhole(registry, repository, child.digest);
  return { digest, children: manifests.map((child) => child.digest) };
}

/**
 * Whether all that is attached to an image, under tags that name its digest, came along with it.
 *
 * @throws AssertionError something is missing at the target, or incomplete
 */
export async function assertAttachments(
  source: { readonly registry: SeenRegistry; readonly repository: string },
  target: { readonly registry: SeenRegistry; readonly repository: string },
): Promise<number> {
  const tags = (await tagsOf(source.registry, source.repository)).filter((tag) =>
    tag.startsWith('sha256-'),
  );
  for (const tag of tags) {
    const given = await readWhole(source.registry, source.repository, tag);
    const taken = await readWhole(target.registry, target.repository, tag);
    // A signature keeps its digest; a list of referrers is written anew.
    if (given.children.length === 0) assert.equal(taken.digest, given.digest, tag);
    const missing = given.children.filter((child) => !taken.children.includes(child));
    assert.deepEqual(missing, [], `${target.repository}:${tag} lacks referrers`);
  }
  return tags.length;
}

async function ask({ url, user }: SeenRegistry, path: string, accept = '*/*'): Promise<Response> {
  const basic = user && Buffer.from(`${user.user}:${user.password}`).toString('base64');
  return fetch(`${url}/v2/${path}`, {
    headers: { accept, ...(basic === undefined ? {} : { authorization: `Basic ${basic}` }) },
  });
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
