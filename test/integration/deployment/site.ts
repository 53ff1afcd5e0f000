import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { buildMultiArch, type TestImage } from '../../support/images.ts';
import type { AnnouncedRelease } from '../../support/marketplace.ts';
import {
  startDockerRegistry,
  type DistributionServer,
} from '../../support/servers/distribution.ts';
import { pushTo } from '../../support/servers/push.ts';
import { S3Bucket, startMinio, type S3Server } from '../../support/servers/s3-servers.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';
import { referrerArtifact } from '../../support/sigstore/attach.ts';
import { VENDOR } from '../../support/sigstore/identities.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';
import { signBundle } from '../../support/sigstore/sign.ts';

/** What has to be installed for a site. */
export const SITE_SERVERS: readonly string[] = ['docker-registry', 'htpasswd', 'minio'];

/** Who may push to the company's registry. */
export const USER = { user: 'ci', password: 'marked-registry-password-c4d1' } as const;

/** What a new user finds: a vendor's registry, a registry and a bucket of their own. */
export interface Site {
  readonly folder: string;
  readonly source: DistributionServer;
  readonly target: DistributionServer;
  readonly store: S3Server;
  readonly bucket: S3Bucket;
  /** The text of a `trusted_root.json`, by which the vendor's signatures are checked. */
  readonly trustedRoot: string;
  /** Publishes an image as the vendor does; gives its announcement. */
  offer(
    app: string,
    version: string,
    options?: { readonly signed?: boolean },
  ): Promise<AnnouncedRelease>;
}

/** The bucket of the site, as the examples name it. */
const BUCKET = 'acme-sdr';

export async function startSite(t: Pick<TestContext, 'after'>): Promise<Site> {
  const { path: folder, remove } = await temporaryFolder('site');
  t.after(remove);
  const [source, target, store, sigstore] = await Promise.all([
    startDockerRegistry(),
    startDockerRegistry({ htpasswd: USER }),
    startMinio(),
    createPrivateSigstore(),
  ]);
  for (const { stop } of [source, target, store]) t.after(stop);
  const bucket = await S3Bucket.create(store, BUCKET);
  return {
    folder,
    source,
    target,
    store,
    bucket,
    trustedRoot: JSON.stringify(sigstore.trustedRoot),
    offer: async (app, version, { signed = true } = {}) => {
      const repository = `atlanhq/atlan-${app}-app`;
      const remote = { server: source, repository };
      const image: TestImage = buildMultiArch(`${app}:${version}`);
      await pushTo(remote, image, version);
      if (signed) {
        const layer = await signBundle(sigstore, image.digest, VENDOR);
        await pushTo(remote, referrerArtifact(image.descriptor, layer));
      }
      return { app_name: app, version, image: `${repository}:${version}` };
    },
  };
}

/** Writes files into a folder that is made for them. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}
