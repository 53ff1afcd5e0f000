import { MediaType, type Descriptor } from '../../../src/registry/manifest.ts';
import type { Digest } from '../../../src/registry/reference.ts';
import { buildArtifact, push, tagOf, type TestImage } from '../images.ts';
import type { RepositoryStore } from '../registry/store.ts';
import { VENDOR } from './identities.ts';
import type { PrivateSigstore } from './private-sigstore.ts';
import {
  signBundle,
  signClassic,
  type BundleOptions,
  type SignatureLayer,
  type TestSigner,
} from './sign.ts';

export interface SignImageOptions extends BundleOptions {
  /** The vendor's workflow by default. */
  readonly signer?: TestSigner;
  /** A bundle by default. */
  readonly format?: 'classic' | 'bundle';
  /** By default where Cosign puts that format: a classic tag, or a referrer. */
  readonly place?: 'classic-tag' | 'referrers' | 'fallback-tag';
  /** The image that is signed, if another: so one forges a signature by copying it. */
  readonly about?: Digest;
}

/** Signs an image in a registry that runs in this process. */
export async function signImage(
  sigstore: PrivateSigstore,
  repository: RepositoryStore,
  image: { readonly descriptor: Descriptor },
  options: SignImageOptions = {},
): Promise<TestImage> {
  const { signer = VENDOR, format = 'bundle' } = options;
  const sign = format === 'classic' ? signClassic : signBundle;
  const layer = await sign(sigstore, options.about ?? image.descriptor.digest, signer, options);
  const place = options.place ?? (format === 'classic' ? 'classic-tag' : 'referrers');
  if (place === 'classic-tag') return attachByTag(repository, image.descriptor, [layer]);
  const attach = place === 'referrers' ? attachAsReferrer : attachByFallbackTag;
  return attach(repository, image.descriptor, layer);
}

/** The manifest Cosign 1 and 2 put under `sha256-….sig` or `.att`. */
export function classicArtifact(layers: readonly SignatureLayer[]): TestImage {
  return buildArtifact({ configType: 'application/vnd.oci.image.config.v1+json', layers });
}

/** The manifest Cosign 3 attaches to its subject. */
export function referrerArtifact(subject: Descriptor, layer: SignatureLayer): TestImage {
  const { mediaType, digest, size } = subject;
  return buildArtifact({
    subject: { mediaType, digest, size },
    artifactType: layer.mediaType,
    layers: [layer],
  });
}

/** Puts signatures of an image into its repository, under its classic tag. */
export function attachByTag(
  repository: RepositoryStore,
  subject: Descriptor,
  layers: readonly SignatureLayer[],
  suffix: '.sig' | '.att' = '.sig',
): TestImage {
  const artifact = classicArtifact(layers);
  push(repository, artifact, tagOf(subject.digest, suffix));
  return artifact;
}

/** Puts a signature into an image's repository, as its referrer. */
export function attachAsReferrer(
  repository: RepositoryStore,
  subject: Descriptor,
  layer: SignatureLayer,
): TestImage {
  const artifact = referrerArtifact(subject, layer);
  push(repository, artifact);
  return artifact;
}

/** Attaches a referrer where the registry has no referrers API: the fallback tag lists it. */
export function attachByFallbackTag(
  repository: RepositoryStore,
  subject: Descriptor,
  layer: SignatureLayer,
): TestImage {
  const artifact = attachAsReferrer(repository, subject, layer);
  const tag = tagOf(subject.digest);
  const listed = repository.find(tag);
  const manifests: Descriptor[] =
    listed === undefined ? [] : JSON.parse(Buffer.from(listed.bytes).toString('utf8')).manifests;
  const index = {
    schemaVersion: 2,
    mediaType: MediaType.ociIndex,
    // Cosign's own descriptors carry this artifact type, whatever the artifact is.
    manifests: [...manifests, { ...artifact.descriptor, artifactType: MediaType.ociEmpty }],
  };
  repository.putManifest(
    { mediaType: MediaType.ociIndex, bytes: Buffer.from(JSON.stringify(index)) },
    tag,
  );
  return artifact;
}
