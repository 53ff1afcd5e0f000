import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImageReport } from '../../../src/mirror/report.ts';
import { buildMultiArch } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { cosignVerify, signBundle } from '../../support/servers/cosign.ts';
import { digestAccordingTo, referrersAccordingTo } from '../../support/servers/peers.ts';
import { VENDOR } from '../../support/sigstore/identities.ts';
import { SERVERS, startWorld, type World } from './world.ts';

async function copy(
  world: World,
  ...args: readonly string[]
): Promise<{ readonly exitCode: number | undefined; readonly report: ImageReport }> {
  const { exitCode, stdout, stderr } = await world.start('copy', '--output', 'json', ...args);
  try {
    return { exitCode, report: JSON.parse(stdout) as ImageReport };
  } catch (error) {
    throw new Error(`mirror copy gave ${exitCode} and no report:\n${stdout}\n${stderr}`, {
      cause: error,
    });
  }
}

for (const engine of ['registry', 'skopeo'] as const) {
  test(`mirror copy by ${engine}: peers and Cosign find at the target what was signed`, async (t) => {
    if (!requireServer(t, ...SERVERS)) return;
    const world = await startWorld(t);
    const image = buildMultiArch('by-hand');
    await world.announce('vendor/app', '1.0', image);
    await signBundle(world.atSource('vendor/app', image), world.keys);
    await world.configure();
    const source = `${world.source.host}/vendor/app:1.0`;
    const target = `${world.target.host}/mirrored/app`;

    const first = await copy(world, source, target, '--engine', engine);

    assert.equal(first.exitCode, 0, JSON.stringify(first.report));
    assert.equal(first.report.outcome, 'mirrored');
    assert.equal(first.report.verification?.signer.kind, 'key');
    const { dockerConfig } = world;
    const there = { host: world.target.host, repository: 'mirrored/app', dockerConfig };
    for (const [tool, digest] of Object.entries(digestAccordingTo)) {
      assert.equal(await digest({ ...there, at: '1.0' }), image.digest, tool);
    }
    const here = { host: world.source.host, repository: 'vendor/app', at: image.digest };
    for (const [tool, referrers] of Object.entries(referrersAccordingTo)) {
      const expected = await referrers(here);
      assert.equal(expected.length, 1);
      assert.deepEqual(await referrers({ ...there, at: image.digest }), expected, tool);
    }
    await cosignVerify(world.atTarget('mirrored/app', image), world.keys, dockerConfig);
    assert.equal(await world.map(), '');

    const again = await copy(world, source, target, '--engine', engine);
    assert.deepEqual([again.exitCode, again.report.outcome], [0, 'unchanged']);
  });
}

test('mirror copy without a configuration: the signer from its flags, or none on request', async (t) => {
  if (!requireServer(t, ...SERVERS)) return;
  const world = await startWorld(t);
  const [signed, unsigned] = ['signed', 'unsigned'].map((seed) => buildMultiArch(seed));
  assert.ok(signed && unsigned);
  await world.announce('vendor/signed', '1.0', signed);
  await world.announce('vendor/unsigned', '1.0', unsigned);
  await world.signKeyless('vendor/signed', signed, 'bundle');
  const { host } = world.source;
  const flags = [
    `--plain-http=${host}`,
    '--trust-root=trusted_root.json',
    `--identity-subject=${VENDOR.subject}`,
    `--identity-issuer=${VENDOR.issuer}`,
  ];
  const from = (name: string): string => `${host}/vendor/${name}:1.0`;
  const to = (name: string): string => `${host}/copied/${name}`;

  const verified = await copy(world, from('signed'), to('signed'), ...flags);
  assert.equal(verified.exitCode, 0, JSON.stringify(verified.report));
  const refused = await copy(world, from('unsigned'), to('unsigned'), ...flags);
  assert.deepEqual([refused.exitCode, refused.report.error?.code], [4, 'SIGNATURE_MISSING']);
  const waived = await copy(world, from('unsigned'), to('unsigned'), ...flags, '--verify=off');
  assert.deepEqual([waived.exitCode, waived.report.outcome], [0, 'mirrored']);
  assert.equal(waived.report.unverified, 'verification is switched off');

  for (const [name, image] of Object.entries({ signed, unsigned })) {
    const there = { host, repository: `copied/${name}`, at: '1.0' };
    assert.equal(await digestAccordingTo.crane(there), image.digest);
  }
});
