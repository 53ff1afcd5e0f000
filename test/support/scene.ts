import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { main } from '../../src/cli/mirror-program.ts';
import { commandLine, type CommandLine } from './command-line.ts';
import { buildMultiArch, push, type TestImage } from './images.ts';
import { startMarketplace, type Marketplace } from './marketplace.ts';
import { startRegistry, type TestRegistry } from './registry/server.ts';
import { signImage, type SignImageOptions } from './sigstore/attach.ts';
import { createPrivateSigstore } from './sigstore/private-sigstore.ts';

/** Secrets of a scene, each marked so that a search finds it wherever it leaks. */
export const SECRETS = {
  token: 'marked-api-token-7f3a',
  password: 'marked-registry-password-91bc',
} as const;

/** A vendor, a customer, and the folder the job runs in; all of it in this process. */
export interface Scene {
  readonly folder: string;
  readonly source: TestRegistry;
  readonly target: TestRegistry;
  readonly marketplace: Marketplace;
  readonly mirror: CommandLine;
  /** Puts a signed multi-arch image at the source and announces it. */
  offer(name: string, tag: string, options?: OfferOptions): Promise<TestImage>;
  configure(changes?: (text: string) => string): Promise<void>;
  write(name: string, text: string): Promise<void>;
  read(name: string): Promise<string>;
}

export interface OfferOptions extends SignImageOptions {
  readonly signed?: boolean;
  readonly announced?: boolean;
}

export interface SceneOptions {
  /** Columns of a terminal; a pipe without. */
  readonly columns?: number;
  /** Whether the target takes an index whose images it lacks. */
  readonly sparseIndexes?: boolean;
  /** Where programs are found, as in `PATH`; by default where this system's own are. */
  readonly path?: (folder: string) => string;
}

export async function startScene(
  t: TestContext,
  { columns, sparseIndexes = false, path }: SceneOptions = {},
): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'mirror-scene-'));
  t.after(async () => rm(folder, { recursive: true }));
  const sigstore = await createPrivateSigstore();
  const source = await startRegistry();
  t.after(async () => source.close());
  const target = await startRegistry({
    sparseIndexes,
    auth: { kind: 'bearer', users: { ci: SECRETS.password } },
  });
  t.after(async () => target.close());
  const marketplace = await startMarketplace({ token: SECRETS.token });
  t.after(async () => marketplace.close());

  const announced: { app_name: string; version: string; image: string }[] = [];
  const write: Scene['write'] = async (name, text) => writeFile(join(folder, name), text);
  const scene: Scene = {
    folder,
    source,
    target,
    marketplace,
    mirror: commandLine(main, {
      cwd: folder,
      env: {
        ATLAN_API_TOKEN: SECRETS.token,
        REGISTRY_PASSWORD: SECRETS.password,
        ...(path === undefined ? {} : { PATH: path(folder) }),
      },
      ...(columns === undefined ? {} : { columns }),
    }),
    offer: async (name, tag, options = {}) => {
      const image = buildMultiArch(`${name}:${tag}`);
      const repository = source.store.repository(`atlanhq/${name}`);
      push(repository, image, tag);
      if (options.signed !== false) await signImage(sigstore, repository, image, options);
      if (options.announced !== false) {
        announced.push({ app_name: name, version: tag, image: `atlanhq/${name}:${tag}` });
        marketplace.announce(announced);
      }
      return image;
    },
    configure: async (changes = (text) => text) =>
      write('mirror.yaml', changes(configuration(marketplace, source, target))),
    write,
    read: async (name) => readFile(join(folder, name), 'utf8'),
  };
  await write('trusted_root.json', JSON.stringify(sigstore.trustedRoot));
  await scene.configure();
  return scene;
}

function configuration(
  marketplace: Marketplace,
  source: TestRegistry,
  target: TestRegistry,
): string {
  return `releases:
  url: ${marketplace.url}
  token: \${ATLAN_API_TOKEN}
source:
  registry: ${source.host}
target:
  image: ${target.host}/mirrored/{name}:{tag}
map:
  store: file:image-map.yaml
verify:
  trustRoot: trusted_root.json
registries:
  ${source.host}: { plainHttp: true }
  ${target.host}: { plainHttp: true, username: ci, password: "\${REGISTRY_PASSWORD}" }
`;
}
