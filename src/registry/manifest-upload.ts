import { RegistryError, type Side } from '../errors.ts';
import type { Options } from '../options.ts';
import type { HostClient } from './host-client.ts';
import type { Answer } from './http/exchange.ts';
import type { Manifest } from './manifest.ts';
import { ManifestCache } from './manifest-cache.ts';
import { digestHeader, headManifest } from './manifests.ts';
import { formatManifest, manifestPath, pushScope } from './paths.ts';
import type { Reference } from './reference.ts';
import type { PutManifestResult } from './registry.ts';

// ECR 400 (ImageTagAlreadyExistsException), Quay and ACR 409, Harbor 412, others 403 and 405.
const MAYBE_IMMUTABLE: ReadonlySet<number> = new Set([400, 403, 405, 409, 412]);
const IMMUTABLE_WORDS =
  /immutab|already exists|ImageTagAlreadyExists|cannot be overwritten|locked/i;

/** Puts a manifest's bytes under a tag or digest and checks under which digest they were stored. */
export async function putManifest(
  client: HostClient,
  side: Side,
  reference: Reference,
  manifest: Pick<Manifest, 'bytes' | 'mediaType' | 'digest'>,
  options: Options,
): Promise<PutManifestResult> {
  const purpose = { side, what: `write ${formatManifest(reference)}` };
  const answer = await client.send({
    method: 'PUT',
    target: manifestPath(reference),
    scopes: [pushScope(reference)],
    headers: { 'content-type': manifest.mediaType },
    body: manifest.bytes,
    purpose,
    signal: options.signal,
  });
  if (answer.status >= 200 && answer.status < 300) {
    client.written.add(manifestPath(reference));
    const stored = digestHeader(answer);
    if (stored !== undefined && stored !== manifest.digest) {
      throw new RegistryError(
        'DIGEST_MISMATCH',
        `could not ${purpose.what}: sent ${manifest.digest}, but the registry stored it as ${stored}; it changes what it is given`,
        { side, status: answer.status },
      );
    }
    return { subjectIndexed: answer.headers['oci-subject'] !== undefined };
  }
  const refusal = await client.refusal(answer, purpose);
  if (reference.kind !== 'tag' || !looksImmutable(answer)) throw refusal;
  // An immutable tag that already names this very digest is what we wanted.
  const head = await headManifest(client, side, reference, new ManifestCache(), options);
  if (head?.digest === manifest.digest) return { subjectIndexed: false };
  if (head === undefined) throw refusal;
  throw new RegistryError(
    'TARGET_CONFLICT',
    `${refusal.message}; the tag names ${head.digest} and the registry does not let it change`,
    { side, status: answer.status, registryCode: refusal.registryCode, cause: refusal },
  );
}

function looksImmutable({ status, body }: Answer): boolean {
  if (status === 409 || status === 412) return true;
  return MAYBE_IMMUTABLE.has(status) && IMMUTABLE_WORDS.test(body.toString('latin1'));
}
