import { errorMessage, RegistryError, type Side } from '../errors.ts';
import type { Options } from '../options.ts';
import type { Purpose } from './failures.ts';
import type { HostClient } from './host-client.ts';
import type { Answer } from './http/exchange.ts';
import { resolveLocation } from './http/locations.ts';
import { nextLink } from './http/next-link.ts';
import { MAX_MANIFEST_BYTES, MediaType, parseDescriptor, type Descriptor } from './manifest.ts';
import { pullScope, referrersPath } from './paths.ts';
import { formatReference, isDigest, type DigestReference } from './reference.ts';

const MAX_PAGES = 100;
/** No image has so much attached, and a page alone may list more. */
const MAX_LISTED = 10_000;
// What registries without the API answer: the route is unknown, or the method is, or not built.
const WITHOUT_API: ReadonlySet<number> = new Set([400, 404, 405, 406, 415, 501]);

/** Lists what is attached to a manifest; `undefined` where the registry has no such API. */
export async function listReferrers(
  client: HostClient,
  side: Side,
  subject: DigestReference,
  { signal }: Options,
): Promise<readonly Descriptor[] | undefined> {
  const purpose = { side, what: `list what is attached to ${formatReference(subject)}` };
  const found = new Map<string, Descriptor>();
  let target: string | URL = referrersPath(subject, subject.digest);
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const answer: Answer = await client.send({
      method: 'GET',
      target,
      scopes: [pullScope(subject)],
      headers: { accept: MediaType.ociIndex },
      maxBytes: MAX_MANIFEST_BYTES,
      purpose,
      signal,
    });
    if (pages === 0 && WITHOUT_API.has(answer.status)) return undefined;
    if (answer.status !== 200) throw await client.refusal(answer, purpose);
    const page = parsePage(answer, purpose);
    // A web page with status 200 is what a proxy makes of a route it does not know.
    if (page === undefined && pages === 0) return undefined;
    for (const descriptor of page ?? []) found.set(descriptor.digest, descriptor);
    if (found.size > MAX_LISTED) {
      throw new RegistryError(
        'REGISTRY_REFUSED',
        `could not ${purpose.what}: ${subject.registry} lists more than ${MAX_LISTED} manifests`,
        { side },
      );
    }
    const next = nextPage(answer, client.url);
    if (next === undefined) return [...found.values()];
    if (next.origin !== client.url.origin) {
      // Half a list must not pass for a whole one: what is missing may be the signature.
      throw new RegistryError(
        'REGISTRY_REFUSED',
        `could not ${purpose.what}: ${subject.registry} has the next page at another host, ${next.host}`,
        { side },
      );
    }
    target = next;
  }
  throw new RegistryError(
    'REGISTRY_REFUSED',
    `could not ${purpose.what}: ${subject.registry} gave more than ${MAX_PAGES} pages`,
    { side },
  );
}

function parsePage(
  { body, status }: Answer,
  { side, what }: Purpose,
): readonly Descriptor[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    // Not JSON, so not an index: one of the shapes of "no such API".
    return undefined;
  }
  const { manifests } = (value ?? {}) as { readonly manifests?: unknown };
  if (manifests === null) return [];
  if (!Array.isArray(manifests)) return undefined;
  return manifests.flatMap((item: unknown, index) => {
    // Content under another algorithm could not be checked, so nothing can rest on it.
    if (!hasSha256(item)) return [];
    try {
      return [parseDescriptor(item, `manifests[${index}]`)];
    } catch (error) {
      const message = `could not ${what}: ${errorMessage(error)}`;
      throw new RegistryError('REGISTRY_REFUSED', message, { side, status, cause: error });
    }
  });
}

/** The next page, `Link: </v2/…>; rel="next"`. */
function nextPage({ headers, url }: Answer, home: URL): URL | undefined {
  const { link } = headers;
  const target = nextLink(Array.isArray(link) ? link.join(', ') : (link ?? ''));
  return target === undefined ? undefined : resolveLocation(target, url, home);
}

function hasSha256(item: unknown): boolean {
  const { digest } = (item ?? {}) as { readonly digest?: unknown };
  return typeof digest === 'string' && isDigest(digest);
}
