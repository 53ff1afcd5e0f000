import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildArtifact, buildMultiArch } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { startDistribution3, startDockerRegistry } from '../../support/servers/distribution.ts';
import { startOlareg } from '../../support/servers/olareg.ts';
import { digestAccordingTo, referrersAccordingTo } from '../../support/servers/peers.ts';
import { pushTo } from '../../support/servers/push.ts';

const registries = [
  { name: 'docker-registry', start: startDockerRegistry },
  { name: 'distribution3', start: startDistribution3 },
  { name: 'olareg', start: startOlareg },
] as const;

// What the other tests of this folder rest on: the peers see what we put there ourselves.
for (const { name, start } of registries) {
  test(`peers agree on what ${name} holds`, async (t) => {
    if (!requireServer(t, name, 'skopeo', 'crane', 'regctl', 'oras')) return;
    const server = await start();
    t.after(server.stop);
    const image = buildMultiArch('peers');
    const layers = [{ mediaType: 'text/plain', bytes: Buffer.from('checked') }];
    const attached = ['one', 'two'].map((kind) =>
      buildArtifact({ subject: image.descriptor, artifactType: `text/${kind}`, layers }),
    );
    const remote = { server, repository: 'some/app' };

    await pushTo(remote, image, '1.0');
    for (const artifact of attached) await pushTo(remote, artifact);

    const asked = { host: server.host, repository: 'some/app', at: '1.0' };
    for (const [tool, digest] of Object.entries(digestAccordingTo)) {
      assert.equal(await digest(asked), image.digest, tool);
    }
    for (const [tool, referrers] of Object.entries(referrersAccordingTo)) {
      assert.deepEqual(
        await referrers(asked),
        attached.map(({ digest }) => digest).toSorted(),
        tool,
      );
    }
  });
}
