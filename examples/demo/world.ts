import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildMultiArch, push, type TestImage } from '../../test/support/images.ts';
import { startMarketplace, type Marketplace } from '../../test/support/marketplace.ts';
import { startRegistry, type TestRegistry } from '../../test/support/registry/server.ts';
import type { RepositoryStore } from '../../test/support/registry/store.ts';
import { signImage } from '../../test/support/sigstore/attach.ts';
import { createPrivateSigstore } from '../../test/support/sigstore/private-sigstore.ts';

const TOKEN = 'demo-api-token';
const PASSWORD = 'demo-password';

/** An announced app and the image that belongs to it. */
export type App = Readonly<Record<'app_name' | 'version' | 'image', string>>;

/** Everything the demo runs against: on loopback, in this process, gone at its end. */
export interface DemoWorld extends AsyncDisposable {
  /** The folder the job runs in. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly source: TestRegistry;
  readonly target: TestRegistry;
  readonly marketplace: Marketplace;
  readonly apps: Readonly<Record<'postgres' | 'snowflake' | 'teradata' | 'orchestrator', App>>;
  announce(...apps: readonly App[]): void;
  /** A file of the folder. */
  read(name: string): Promise<string>;
}

const APPS: DemoWorld['apps'] = {
  postgres: app('postgres', '2.4.0'),
  snowflake: app('snowflake', '1.8.2'),
  teradata: app('teradata', '3.1.4'),
  orchestrator: {
    app_name: 'sdr-orchestrator',
    version: '0.3.0',
    image: 'atlanhq/atlan-sdr-orchestrator:0.3.0',
  },
};

/** Sets the scene: what the vendor offers, what the company has, and what somebody forged. */
export async function createWorld(): Promise<DemoWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'sdr-mirror-demo-'));
  const sigstore = await createPrivateSigstore();
  const source = await startRegistry();
  const target = await startRegistry({
    auth: { kind: 'bearer', users: { ci: PASSWORD } },
  });
  const marketplace = await startMarketplace({ token: TOKEN });

  const repositoryOf = ({ image }: App): RepositoryStore =>
    source.store.repository(image.slice(0, image.indexOf(':')));
  const offer = (each: App): TestImage => {
    const built = buildMultiArch(each.app_name, { layers: [400_000, 250_000] });
    push(repositoryOf(each), built, each.version);
    return built;
  };
  const images = {
    postgres: offer(APPS.postgres),
    snowflake: offer(APPS.snowflake),
    teradata: offer(APPS.teradata),
    orchestrator: offer(APPS.orchestrator),
  };
  await signImage(sigstore, repositoryOf(APPS.postgres), images.postgres);
  await signImage(sigstore, repositoryOf(APPS.snowflake), images.snowflake, {
    format: 'classic',
  });
  await signImage(sigstore, repositoryOf(APPS.orchestrator), images.orchestrator);
  // The forgery: a true signature of the vendor's, taken from another image.
  await signImage(sigstore, repositoryOf(APPS.teradata), images.teradata, {
    about: images.postgres.digest,
  });

  // What the company has already: one app mirrored earlier, one rebuilt and approved by its own.
  push(target.store.repository('atlan/atlan-postgres-app'), images.postgres, '2.4.0');
  const approved = buildMultiArch('snowflake, rebuilt on our own base', { layers: [300_000] });
  push(target.store.repository('golden/snowflake'), approved, '1.8.2-approved');

  await writeFile(join(folder, 'trusted_root.json'), JSON.stringify(sigstore.trustedRoot));
  await writeFile(join(folder, 'registry-password'), PASSWORD, { mode: 0o600 });
  await writeFile(join(folder, 'mirror.yaml'), configuration(marketplace.url, source, target));
  await writeFile(join(folder, 'image-map.yaml'), mapBefore(target.host));

  const close = async (): Promise<void> => {
    await Promise.all([source.close(), target.close(), marketplace.close()]);
    await rm(folder, { recursive: true });
  };
  return {
    folder,
    env: { ATLAN_API_TOKEN: TOKEN },
    source,
    target,
    marketplace,
    apps: APPS,
    announce: (...apps) => marketplace.announce(apps),
    read: async (name) => readFile(join(folder, name), 'utf8'),
    [Symbol.asyncDispose]: close,
  };
}

function app(name: string, version: string): App {
  return { app_name: name, version, image: `atlanhq/atlan-${name}-app:${version}` };
}

function configuration(url: string, source: TestRegistry, target: TestRegistry): string {
  return `releases:
  url: ${url}
  token: \${ATLAN_API_TOKEN}
source:
  registry: ${source.host}              # stands in for docker.io
target:
  image: ${target.host}/atlan/{name}:{tag}
map:
  store: file:image-map.yaml
verify:
  trustRoot: trusted_root.json           # of the demo's own Sigstore
registries:
  ${source.host}: { plainHttp: true }
  ${target.host}: { plainHttp: true, username: ci, passwordFile: registry-password }
`;
}

function mapBefore(target: string): string {
  return `# Owned by the platform team. Ask in #platform before you touch it.
images:
  "atlanhq/atlan-postgres-app:2.4.0": "${target}/atlan/atlan-postgres-app:2.4.0"

  # Rebuilt on our base image and approved by security: do not replace it.
  'atlanhq/atlan-snowflake-app:1.8.2': '${target}/golden/snowflake:1.8.2-approved'   # until March
release:
  name: my-sdr-release
`;
}
