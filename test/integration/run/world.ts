import { writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { execa } from 'execa';
import type { RunReport } from '../../../src/mirror/report.ts';
import { bundled } from '../../support/bundled.ts';
import { tagOf, type TestImage } from '../../support/images.ts';
import { makeCosignKeys, type CosignKeys } from '../../support/servers/cosign.ts';
import {
  startDockerRegistry,
  type DistributionServer,
} from '../../support/servers/distribution.ts';
import { pushTo } from '../../support/servers/push.ts';
import { classicArtifact, referrerArtifact } from '../../support/sigstore/attach.ts';
import { VENDOR } from '../../support/sigstore/identities.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';
import { signBundle, signClassic } from '../../support/sigstore/sign.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';

/** Everything the tests of this folder need to be installed. */
export const SERVERS: readonly string[] = [
  'docker-registry',
  'htpasswd',
  'cosign',
  'cosign2',
  'skopeo',
  'crane',
  'regctl',
  'oras',
];

const command = bundled('cli/mirror');
const user = { user: 'ci', password: 'right-password' };

/** A vendor's open registry, a customer's closed one, and the folder the job runs in. */
export interface World {
  readonly source: DistributionServer;
  readonly target: DistributionServer;
  /** What Cosign signs with; the job accepts its signatures. */
  readonly keys: CosignKeys;
  /** Signs keyless as the vendor does, by a private Sigstore that the job trusts. */
  readonly signKeyless: (
    repository: string,
    image: TestImage,
    format: 'classic' | 'bundle',
  ) => Promise<void>;
  /** Docker configuration folder with the credentials of the target. */
  readonly dockerConfig: string;
  /** Puts an image at the source and announces it; gives what announces it. */
  readonly announce: (repository: string, tag: string, image: TestImage) => Promise<string>;
  /** Where an announced image stands at the source, by digest. */
  readonly atSource: (repository: string, image: TestImage) => string;
  readonly atTarget: (repository: string, image: TestImage) => string;
  readonly configure: (changes?: Configuration) => Promise<void>;
  /** Starts `mirror` as a process of its own. */
  readonly start: (...args: readonly string[]) => MirrorProcess;
  /** `mirror run`, to its end. */
  readonly run: () => Promise<RunOutcome>;
  /** The map's text; empty if there is none yet. */
  readonly map: () => Promise<string>;
}

/** A `mirror` process; its result comes whatever it ends with. */
export interface MirrorProcess extends PromiseLike<MirrorResult> {
  readonly stderr: NodeJS.ReadableStream;
  readonly kill: (signal: NodeJS.Signals) => boolean;
}

export interface MirrorResult {
  readonly exitCode?: number | undefined;
  readonly signal?: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Configuration {
  readonly engine?: 'registry' | 'skopeo';
  /** Host of the target, if it is reached by another way. */
  readonly targetHost?: string;
  readonly concurrency?: number;
}

export interface RunOutcome {
  readonly exitCode: number | undefined;
  readonly report: RunReport;
  readonly stderr: string;
}

/** Starts a program in a folder. */
export type Launch = (
  args: readonly string[],
  at: { readonly folder: string; readonly env: Readonly<Record<string, string>> },
) => MirrorProcess;

/** The bundle, by the Node of this test. */
const launchBundle: Launch = (args, { folder, env }) =>
  execa(process.execPath, [command, ...args], { cwd: folder, env, reject: false });

/** @param launch - how `mirror` is started, if not by this Node */
export async function startWorld(
  t: Pick<TestContext, 'after'>,
  launch: Launch = launchBundle,
): Promise<World> {
  const { path: folder, remove } = await temporaryFolder('mirror-run');
  t.after(remove);
  const source = await startDockerRegistry();
  t.after(source.stop);
  const target = await startDockerRegistry({ htpasswd: user });
  t.after(target.stop);
  const keys = await makeCosignKeys(folder);
  const dockerConfig = join(folder, 'docker');
  await mkdir(dockerConfig);
  const auth = Buffer.from(`${user.user}:${user.password}`).toString('base64');
  await writeFile(
    join(dockerConfig, 'config.json'),
    JSON.stringify({ auths: { [target.host]: { auth } } }),
  );
  const sigstore = await createPrivateSigstore();
  await writeFile(join(folder, 'trusted_root.json'), JSON.stringify(sigstore.trustedRoot));
  const releases: unknown[] = [];
  const env: Readonly<Record<string, string>> = {
    TARGET_PASSWORD: user.password,
    DOCKER_CONFIG: '/nonexistent',
    CI: 'true',
  };

  const start: World['start'] = (...args) => {
    writeFileSync(join(folder, 'releases.json'), JSON.stringify({ releases }));
    return launch(args, { folder, env });
  };

  return {
    source,
    target,
    keys,
    signKeyless: async (repository, image, format) => {
      const remote = { server: source, repository };
      if (format === 'classic') {
        const artifact = classicArtifact([await signClassic(sigstore, image.digest, VENDOR)]);
        await pushTo(remote, artifact, tagOf(image.digest, '.sig'));
      } else {
        const layer = await signBundle(sigstore, image.digest, VENDOR);
        await pushTo(remote, referrerArtifact(image.descriptor, layer));
      }
    },
    dockerConfig,
    announce: async (repository, tag, image) => {
      await pushTo({ server: source, repository }, image, tag);
      const announced = `${source.host}/${repository}:${tag}`;
      releases.push({ app_name: repository.split('/').at(-1), version: tag, image: announced });
      return announced;
    },
    atSource: (repository, image) => `${source.host}/${repository}@${image.digest}`,
    atTarget: (repository, image) => `${target.host}/${repository}@${image.digest}`,
    configure: async (changes) =>
      writeFile(
        join(folder, 'mirror.yaml'),
        configuration(source.host, target.host, keys, changes),
      ),
    start,
    run: async () => {
      const { exitCode, stdout, stderr } = await start('run', '--output', 'json');
      try {
        return { exitCode, report: JSON.parse(stdout) as RunReport, stderr };
      } catch (error) {
        throw new Error(`mirror run gave ${exitCode} and no report:\n${stdout}\n${stderr}`, {
          cause: error,
        });
      }
    },
    map: async () => readFile(join(folder, 'image-map.yaml'), 'utf8').catch(() => ''),
  };
}

function configuration(
  source: string,
  target: string,
  keys: CosignKeys,
  { engine = 'registry', targetHost = target, concurrency = 4 }: Configuration = {},
): string {
  return `
releases: { file: releases.json }
source: { registry: "${source}" }
target: { image: "${targetHost}/mirrored/{name}:{tag}" }
map: { store: "file:image-map.yaml" }
verify:
  trustRoot: trusted_root.json
  identities: [{ subject: "${VENDOR.subject}", issuer: "${VENDOR.issuer}" }]
  keys: [{ name: vendor, pem: "${keys.publicKey}", requireLog: false }]
registries:
  "${source}": { plainHttp: true }
  "${targetHost}": { plainHttp: true, username: ${user.user}, password: "\${TARGET_PASSWORD}" }
copy: { engine: ${engine}, concurrency: ${concurrency} }
`;
}
