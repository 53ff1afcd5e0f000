/**
 * What a verification costs in processor time, beside @sigstore/verify alone on the same
 * signature: `node bench/verify.ts [repetitions]`. The registry is in memory.
 */
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { digestOf } from '../src/registry/manifest.ts';
import { readClassic } from '../src/signatures/classic.ts';
import { attachAsReferrer, attachByTag } from '../test/support/sigstore/attach.ts';
import { STRANGER, VENDOR } from '../test/support/sigstore/identities.ts';
import { createPrivateSigstore } from '../test/support/sigstore/private-sigstore.ts';
import { createScene, verify, type Scene } from '../test/support/sigstore/scene.ts';
import { signBundle, signClassic, type SignatureLayer } from '../test/support/sigstore/sign.ts';

const repetitions = Number(process.argv[2] ?? 100);
const sigstore = await createPrivateSigstore();
const trust = toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot));
const { image } = createScene(sigstore);

/** Milliseconds of processor time that one call takes, the best of three rounds. */
async function cost(work: () => unknown): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const before = process.cpuUsage();
    for (let i = 0; i < repetitions; i += 1) await work();
    const { user, system } = process.cpuUsage(before);
    rounds.push((user + system) / 1000 / repetitions);
  }
  return Math.min(...rounds);
}

function bareBundle(layer: SignatureLayer): void {
  const bundle = bundleFromJSON(JSON.parse(layer.bytes.toString('utf8')));
  new Verifier(trust).verify(toSignedEntity(bundle));
}

function bareClassic(layer: SignatureLayer): void {
  const descriptor = { ...layer, digest: digestOf(layer.bytes), size: layer.bytes.length };
  const { bundle } = readClassic(descriptor, layer.bytes);
  new Verifier(trust).verify(toSignedEntity(bundle, layer.bytes));
}

function sceneWith(attach: (scene: Scene) => void): Scene {
  const scene = createScene(sigstore);
  attach(scene);
  return scene;
}

const classic = await signClassic(sigstore, image.digest, VENDOR);
const bundle = await signBundle(sigstore, image.digest, VENDOR);
const stamped = await signBundle(sigstore, image.digest, VENDOR, { timestamp: true });
const crowd = await Promise.all(
  Array.from({ length: 99 }, (_, i) =>
    signClassic(sigstore, image.digest, { ...STRANGER, subject: `https://ci.example/${i}` }),
  ),
);

const cases: readonly (readonly [string, () => void, Scene])[] = [
  [
    'classic',
    () => bareClassic(classic),
    sceneWith(({ repository }) => attachByTag(repository, image.descriptor, [classic])),
  ],
  [
    'bundle',
    () => bareBundle(bundle),
    sceneWith(({ repository }) => attachAsReferrer(repository, image.descriptor, bundle)),
  ],
  [
    'bundle with timestamp',
    () => bareBundle(stamped),
    sceneWith(({ repository }) => attachAsReferrer(repository, image.descriptor, stamped)),
  ],
  [
    'one of 100 signers',
    () => bareClassic(classic),
    sceneWith(({ repository }) => attachByTag(repository, image.descriptor, [...crowd, classic])),
  ],
];

console.log('signature'.padEnd(24), 'library'.padStart(10), 'verifier'.padStart(10), 'ratio');
for (const [name, bare, scene] of cases) {
  const library = await cost(bare);
  // A new verifier each time: one alone would remember its verdict.
  const ours = await cost(() => verify(scene));
  const [left, right] = [library, ours].map((ms) => `${ms.toFixed(2)} ms`.padStart(10));
  console.log(name.padEnd(24), left, right, (ours / library).toFixed(2));
}
