import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImage, buildLayer, buildMultiArch, tagOf, type TestImage } from '../images.ts';
import { STORES, type StoreAddress } from '../map-stores/start.ts';
import { startDistribution3, startDockerRegistry } from '../servers/distribution.ts';
import { startOlareg } from '../servers/olareg.ts';
import { pushTo } from '../servers/push.ts';
import type { RegistryServer } from '../servers/registry-server.ts';
import { temporaryFolder } from '../servers/server-process.ts';
import { classicArtifact, referrerArtifact } from '../sigstore/attach.ts';
import { STRANGER, VENDOR } from '../sigstore/identities.ts';
import {
  createPrivateSigstore,
  newKey,
  type PrivateSigstore,
} from '../sigstore/private-sigstore.ts';
import { signBundle, signClassic, type TestSigner } from '../sigstore/sign.ts';

/** An image at the source that may be announced. */
export interface Announced {
  /** `vendor/app1` */
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  /** Signed by whom the job accepts. */
  readonly isGood: boolean;
  /** What proves that, and has to be at the target with it. */
  readonly signatures: readonly {
    readonly digest: string;
    readonly classicTag: string | undefined;
  }[];
}

/** A real server, as another thread can be told of it. */
type Address = Pick<RegistryServer, 'host' | 'url'>;

/** The real servers that all schedules share; each has repositories and a map of its own there. */
export interface Lab {
  readonly sources: readonly Address[];
  readonly targets: readonly Address[];
  /** Where maps may be kept. */
  readonly stores: readonly StoreAddress[];
  readonly images: readonly Announced[];
  /** What digests stand for, so that a schedule reads the same in every process. */
  readonly labels: ReadonlyMap<string, string>;
  readonly folder: string;
  /** In `folder`. */
  readonly trustRoot: string;
  readonly publicKey: string;
}

/** Everything that has to be installed. */
export const LAB_SERVERS: readonly string[] = [
  'docker-registry',
  'distribution3',
  'olareg',
  ...STORES.MinIO.needs,
  ...STORES.Azurite.needs,
  ...STORES['fake-gcs-server'].needs,
];

interface Recipe {
  readonly name: string;
  readonly tag: string;
  readonly image: TestImage;
  readonly signed: readonly ('classic' | 'bundle')[];
  readonly by: TestSigner;
  readonly isGood: boolean;
  /** What the signature is about, if another image. */
  readonly about?: TestImage;
}

const KIBIBYTE = 1024;

/** Starts the servers and fills the sources. */
export async function startLab(): Promise<{
  readonly lab: Lab;
  readonly stop: () => Promise<void>;
}> {
  const { path: folder, remove } = await temporaryFolder('faults');
  const [debian, olareg, three, olaregTarget, minio, azurite, gcs] = await Promise.all([
    startDockerRegistry({ delete: true }),
    startOlareg(),
    startDistribution3({ delete: true }),
    startOlareg({ delete: true }),
    STORES.MinIO.start(),
    STORES.Azurite.start(),
    STORES['fake-gcs-server'].start(),
  ]);
  const sigstore = await createPrivateSigstore();
  const key = newKey();
  const trustRoot = join(folder, 'trusted_root.json');
  const publicKey = join(folder, 'cosign.pub');
  await writeFile(trustRoot, JSON.stringify(sigstore.trustedRoot));
  await writeFile(publicKey, key.publicKey.export({ format: 'pem', type: 'spki' }));
  const labels = new Map<string, string>();
  const images: Announced[] = [];
  for (const recipe of recipes({ key })) {
    images.push(await publishAt([debian, olareg], recipe, sigstore, labels));
  }
  const lab: Lab = {
    // Sources without and with the referrers API; targets likewise.
    sources: [debian, olareg].map(addressOf),
    targets: [debian, three, olaregTarget].map(addressOf),
    stores: [minio.address, azurite.address, gcs.address, { kind: 'file' }],
    images,
    labels,
    folder,
    trustRoot,
    publicKey,
  };
  return {
    lab,
    stop: async () => {
      const servers = [debian, olareg, three, olaregTarget, minio, azurite, gcs];
      await Promise.all(servers.map(async (each) => each.stop()));
      await remove();
    },
  };
}

function addressOf({ host, url }: Address): Address {
  return { host, url };
}

function recipes(vendorKey: TestSigner): readonly Recipe[] {
  const base = [buildLayer('base', 2000)];
  const first = buildImage({ seed: 'app1', base, layers: [500] });
  const vendor = { by: VENDOR, isGood: true, tag: '1.0' };
  const byKey = { ...vendor, by: vendorKey };
  return [
    { ...byKey, name: 'app1', image: first, signed: ['classic'] },
    { ...vendor, name: 'app2', image: buildMultiArch('app2'), signed: ['bundle'] },
    {
      ...byKey,
      name: 'app3',
      image: buildImage({ seed: 'app3', format: 'docker', layers: [150 * KIBIBYTE, 10] }),
      signed: ['bundle'],
    },
    {
      ...byKey,
      name: 'app1',
      tag: '2.0',
      image: buildImage({ seed: 'app1/2', base, layers: [700] }),
      signed: ['classic', 'bundle'],
    },
    {
      ...vendor,
      name: 'app4',
      image: buildImage({ seed: 'app4', base, layers: [90 * KIBIBYTE, 5000] }),
      signed: ['classic'],
    },
    { ...byKey, name: 'unsigned', image: buildImage({ seed: 'u' }), signed: [], isGood: false },
    {
      ...vendor,
      name: 'stranger',
      image: buildImage({ seed: 's' }),
      signed: ['bundle'],
      by: STRANGER,
      isGood: false,
    },
    {
      ...byKey,
      name: 'borrowed',
      image: buildImage({ seed: 'b' }),
      signed: ['classic'],
      isGood: false,
      about: first,
    },
  ];
}

async function publishAt(
  servers: readonly RegistryServer[],
  { name, tag, image, signed, by, isGood, about = image }: Recipe,
  sigstore: PrivateSigstore,
  labels: Map<string, string>,
): Promise<Announced> {
  const repository = `vendor/${name}`;
  const called = `${name}:${tag}`;
  const artifacts: { readonly artifact: TestImage; readonly classicTag: string | undefined }[] = [];
  for (const format of signed) {
    const artifact =
      format === 'classic'
        ? classicArtifact([await signClassic(sigstore, about.digest, by)])
        : referrerArtifact(image.descriptor, await signBundle(sigstore, about.digest, by));
    const classicTag = format === 'classic' ? tagOf(image.digest, '.sig') : undefined;
    artifacts.push({ artifact, classicTag });
  }
  for (const server of servers) {
    await pushTo({ server, repository }, image, tag);
    for (const { artifact, classicTag } of artifacts) {
      await pushTo(
        { server, repository },
        artifact,
        ...(classicTag === undefined ? [] : [classicTag]),
      );
    }
  }
  label(labels, called, image);
  for (const { artifact, classicTag } of artifacts) {
    label(labels, `${called} ${classicTag === undefined ? 'bundle' : 'signature'}`, artifact);
  }
  return {
    repository,
    tag,
    digest: image.digest,
    isGood,
    signatures: artifacts.map(({ artifact, classicTag }) => ({
      digest: artifact.digest,
      classicTag,
    })),
  };
}

function label(labels: Map<string, string>, name: string, image: TestImage): void {
  const digests = [...image.manifests.map(({ digest }) => digest), ...image.blobs.keys()];
  for (const [index, digest] of digests.entries()) {
    const hex = digest.slice('sha256:'.length);
    if (!labels.has(hex)) labels.set(hex, `<${name} ${index}>`);
  }
}
