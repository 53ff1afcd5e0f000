/** What `mirror run` leaves at the target is signed as it was at the source, says Cosign itself. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { execa } from 'execa';
import { bundled } from '../../support/bundled.ts';
import { buildImage, buildMultiArch, type TestImage } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import {
  cosignVerify,
  makeCosignKeys,
  signBundle,
  signClassic,
  type CosignKeys,
} from '../../support/servers/cosign.ts';
import { startDockerRegistry } from '../../support/servers/distribution.ts';
import { startOlareg } from '../../support/servers/olareg.ts';
import { pushTo } from '../../support/servers/push.ts';
import type { RegistryServer } from '../../support/servers/registry-server.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';
import { startKeylessCosign, type KeylessCosign } from '../../support/sigstore/cosign-keyless.ts';
import { STRANGER, VENDOR } from '../../support/sigstore/identities.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';

const sigstore = await createPrivateSigstore();
const command = bundled('cli/mirror');

const registries = {
  'docker-registry': startDockerRegistry,
  olareg: startOlareg,
} as const;

/** Olareg has the referrers API, docker-registry does without. */
const pairs: readonly (readonly [keyof typeof registries, keyof typeof registries])[] = [
  ['docker-registry', 'olareg'],
  ['olareg', 'docker-registry'],
];

interface Signers {
  readonly cosign: KeylessCosign;
  readonly keys: CosignKeys;
}

/** How an image is signed, and what Cosign says of it wherever it stands. */
const ways: Readonly<
  Record<
    string,
    {
      readonly image: TestImage;
      readonly sign: (image: string, signers: Signers) => Promise<void>;
      readonly check: (image: string, signers: Signers) => Promise<void>;
    }
  >
> = {
  'key-classic': {
    image: buildMultiArch('key-classic', { format: 'docker' }),
    sign: (image, { keys }) => signClassic(image, keys),
    check: (image, { keys }) => cosignVerify(image, keys, '/nonexistent'),
  },
  'key-bundle': {
    image: buildMultiArch('key-bundle'),
    sign: (image, { keys }) => signBundle(image, keys),
    check: (image, { keys }) => cosignVerify(image, keys, '/nonexistent'),
  },
  'keyless-classic': {
    image: buildImage({ seed: 'keyless-classic', format: 'docker' }),
    sign: (image, { cosign }) => cosign.signClassic(image, VENDOR),
    check: verifiedAsVendor,
  },
  'keyless-bundle': {
    image: buildMultiArch('keyless-bundle'),
    sign: (image, { cosign }) => cosign.signBundle(image, VENDOR),
    check: verifiedAsVendor,
  },
};

async function verifiedAsVendor(image: string, { cosign }: Signers): Promise<void> {
  await cosign.verify(image, VENDOR);
  await assert.rejects(
    cosign.verify(image, STRANGER),
    /none of the expected identities|no matching CertificateIdentity/,
  );
}

for (const [from, to] of pairs) {
  test(`from ${from} to ${to}, in every form of signature`, async (t) => {
    if (!requireServer(t, from, to, 'cosign', 'cosign2')) return;
    const [source, target] = await Promise.all([registries[from](), registries[to]()]);
    t.after(source.stop);
    t.after(target.stop);
    const { path: folder, remove } = await temporaryFolder('mirrored');
    t.after(remove);
    const cosign = await startKeylessCosign(sigstore, folder);
    t.after(() => cosign.stop());
    const signers = { cosign, keys: await makeCosignKeys(folder) };
    for (const [name, { image, sign }] of Object.entries(ways)) {
      await pushTo({ server: source, repository: `vendor/${name}` }, image, '1.0');
      await sign(`${source.host}/vendor/${name}@${image.digest}`, signers);
    }
    await configure(folder, source, target, signers);

    const run = await mirror(t, folder, 'run', '--output', 'json');

    assert.equal(run.exitCode, 0, `${run.stderr}\n${run.stdout}`);
    for (const [name, { image, check }] of Object.entries(ways)) {
      await check(`${target.host}/mirrored/${name}@${image.digest}`, signers);
    }
    // What is at the target passes there by the same policy, and says the same of its signer.
    const told = await Promise.all(
      [`${source.host}/vendor`, `${target.host}/mirrored`].map((prefix) =>
        mirror(
          t,
          folder,
          'verify',
          ...Object.keys(ways).map((name) => `${prefix}/${name}:1.0`),
          '--output',
          'json',
        ),
      ),
    );
    const [before, after] = told.map(({ stdout }) =>
      (
        JSON.parse(stdout) as readonly { verification?: { signer: unknown; logIndex: unknown } }[]
      ).map(({ verification }) => [verification?.signer, verification?.logIndex]),
    );
    assert.equal(before?.length, Object.keys(ways).length);
    assert.deepEqual(after, before);
  });
}

async function configure(
  folder: string,
  source: RegistryServer,
  target: RegistryServer,
  { cosign, keys }: Signers,
): Promise<void> {
  const releases = Object.keys(ways).map((name) => ({
    app_name: name,
    version: '1.0',
    image: `${source.host}/vendor/${name}:1.0`,
  }));
  await writeFile(join(folder, 'releases.json'), JSON.stringify({ releases }));
  await writeFile(
    join(folder, 'mirror.yaml'),
    `releases: { file: releases.json }
source: { registry: "${source.host}" }
target: { image: "${target.host}/mirrored/{name}:{tag}" }
map: { store: "file:image-map.yaml" }
verify:
  trustRoot: "${cosign.trustedRoot}"
  identities: [{ subject: "${VENDOR.subject}", issuer: "${VENDOR.issuer}" }]
  keys: [{ name: vendor, pem: "${keys.publicKey}", requireLog: false }]
registries:
  "${source.host}": { plainHttp: true }
  "${target.host}": { plainHttp: true }
`,
  );
}

async function mirror(
  t: TestContext,
  folder: string,
  ...args: readonly string[]
): Promise<{ readonly exitCode?: number; readonly stdout: string; readonly stderr: string }> {
  const env = { DOCKER_CONFIG: '/nonexistent', CI: 'true' };
  const options = { cwd: folder, env, reject: false, cancelSignal: t.signal } as const;
  return execa(process.execPath, [command, ...args], options);
}
