import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { bundled } from '../bundled.ts';
import { buildImage, buildMultiArch, tagOf, type TestImage } from '../images.ts';
import { startDockerRegistry, type DistributionServer } from '../servers/distribution.ts';
import { pushTo } from '../servers/push.ts';
import { temporaryFolder } from '../servers/server-process.ts';
import { classicArtifact, referrerArtifact } from '../sigstore/attach.ts';
import { VENDOR } from '../sigstore/identities.ts';
import { createPrivateSigstore } from '../sigstore/private-sigstore.ts';
import { signBundle, signClassic } from '../sigstore/sign.ts';
import type { SeenRegistry } from './registry-look.ts';

export const USER = { user: 'ci', password: 'right-password' };
export const VERSION = '1.0';
const LARGE = 1_500_000;

/** A vendor's registry with signed images, a customer's registry, and a folder. */
export interface KillScene {
  readonly folder: string;
  readonly source: DistributionServer;
  readonly target: DistributionServer;
  readonly seenSource: SeenRegistry;
  readonly seenTarget: SeenRegistry;
  /** What is announced: repository at the source and digest. */
  readonly images: ReadonlyMap<string, string>;
  readonly stop: () => Promise<void>;
}

/** Images of every shape: small, of several platforms, in Docker's format, and one that takes a while. */
function shapes(): ReadonlyMap<
  string,
  { readonly image: TestImage; readonly signed: 'classic' | 'bundle' }
> {
  return new Map([
    ['vendor/small', { image: buildImage({ seed: 'small' }), signed: 'bundle' }],
    ['vendor/index', { image: buildMultiArch('index'), signed: 'bundle' }],
    [
      'vendor/docker',
      { image: buildImage({ seed: 'docker', format: 'docker' }), signed: 'classic' },
    ],
    [
      'vendor/large',
      { image: buildImage({ seed: 'large', layers: [LARGE, 1000] }), signed: 'classic' },
    ],
  ]);
}

export async function startKillScene(): Promise<KillScene> {
  const { path: folder, remove } = await temporaryFolder('kills');
  const [source, target, sigstore] = await Promise.all([
    startDockerRegistry(),
    startDockerRegistry({ htpasswd: USER }),
    createPrivateSigstore(),
  ]);
  const images = new Map<string, string>();
  for (const [repository, { image, signed }] of shapes()) {
    const remote = { server: source, repository };
    await pushTo(remote, image, VERSION);
    images.set(repository, image.digest);
    if (signed === 'classic') {
      const artifact = classicArtifact([await signClassic(sigstore, image.digest, VENDOR)]);
      await pushTo(remote, artifact, tagOf(image.digest, '.sig'));
    } else {
      const layer = await signBundle(sigstore, image.digest, VENDOR);
      await pushTo(remote, referrerArtifact(image.descriptor, layer));
    }
  }
  await writeFile(join(folder, 'trusted_root.json'), JSON.stringify(sigstore.trustedRoot));
  return {
    folder,
    source,
    target,
    images,
    seenSource: { url: source.url },
    seenTarget: { url: target.url, user: USER },
    stop: async () => {
      await Promise.all([source.stop(), target.stop()]);
      await remove();
    },
  };
}

/** Where a job finds things. */
export interface JobPlaces {
  /** `host:port` of the registries, as the job reaches them. */
  readonly source: string;
  readonly target: string;
  /** Repositories of the target begin with it. */
  readonly prefix: string;
  /** The section `map`. */
  readonly map: object;
  readonly concurrency: number;
  /** What is announced to it; all by default. */
  readonly announced?: readonly string[];
}

/** Writes what a job is configured with into a folder of its own, and gives that. */
export async function writeJob(scene: KillScene, name: string, places: JobPlaces): Promise<string> {
  const folder = join(scene.folder, name);
  await mkdir(folder, { recursive: true });
  const announced = places.announced ?? [...scene.images.keys()];
  const releases = announced.map((repository) => ({
    app_name: repository.split('/').at(-1),
    version: VERSION,
    image: `${repository}:${VERSION}`,
  }));
  await writeFile(join(folder, 'releases.json'), JSON.stringify({ releases }));
  const configuration = {
    releases: { file: 'releases.json' },
    source: { registry: places.source },
    target: { image: `${places.target}/${places.prefix}/{name}:{tag}` },
    map: places.map,
    verify: {
      trustRoot: join(scene.folder, 'trusted_root.json'),
      identities: [{ subject: VENDOR.subject, issuer: VENDOR.issuer }],
    },
    registries: {
      [places.source]: { plainHttp: true },
      [places.target]: { plainHttp: true, username: USER.user, password: '${TARGET_PASSWORD}' },
    },
    copy: { concurrency: places.concurrency },
    report: { json: 'reports/report.json' },
  };
  // JSON is YAML.
  await writeFile(join(folder, 'mirror.yaml'), JSON.stringify(configuration, undefined, 2));
  return folder;
}

/** A job that runs; how it ends comes as a result. */
export interface Job extends PromiseLike<JobEnd> {
  readonly kill: (signal: NodeJS.Signals) => boolean;
}

export interface JobEnd {
  readonly exitCode?: number | undefined;
  readonly signal?: NodeJS.Signals | undefined;
  readonly stderr: string;
  readonly stdout: string;
}

/** Starts `mirror run`, as it is published, in a folder. */
export function startJob(folder: string, env: Readonly<Record<string, string>> = {}): Job {
  return execa(process.execPath, [bundled('cli/mirror'), 'run'], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      TARGET_PASSWORD: USER.password,
      CI: 'true',
      AWS_EC2_METADATA_DISABLED: 'true',
      METADATA_SERVER_DETECTION: 'none',
      ...env,
    },
    extendEnv: false,
    reject: false,
  });
}
