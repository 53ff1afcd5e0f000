import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SignatureError } from '../../../src/errors.ts';
import { createRegistries } from '../../../src/registry/client.ts';
import type { SignatureVerifier } from '../../../src/signatures/signature-verifier.ts';
import { fileTrustRoot } from '../../../src/signatures/trust-root-file.ts';
import { createSignatureVerifier } from '../../../src/signatures/verifier.ts';
import { buildMultiArch } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { makeCosignKeys, signBundle, signClassic } from '../../support/servers/cosign.ts';
import { startDistribution3, startDockerRegistry } from '../../support/servers/distribution.ts';
import { startOlareg } from '../../support/servers/olareg.ts';
import { pushTo } from '../../support/servers/push.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';

const registries = [
  { name: 'docker-registry', start: startDockerRegistry },
  { name: 'distribution3', start: startDistribution3 },
  { name: 'olareg', start: startOlareg },
] as const;

const formats = [
  { format: 'classic', tool: 'cosign2', sign: signClassic },
  { format: 'bundle', tool: 'cosign', sign: signBundle },
] as const;

/** A verifier that accepts one key, and needs no transparency log. */
async function accepting(
  t: TestContext,
  host: string,
  publicKey: string,
): Promise<SignatureVerifier> {
  const registry = createRegistries({ hosts: { [host]: { plainHttp: true } }, env: {} });
  t.after(() => registry.close());
  const key = { name: 'team', pem: await readFile(publicKey, 'utf8'), requireLog: false };
  return createSignatureVerifier({
    registry: registry.source,
    policyFor: () => ({
      identities: [],
      keys: [key],
      require: { signatures: 1, attestations: [] },
    }),
    trustRoot: fileTrustRoot('/nonexistent/no-log-no-root.json'),
  });
}

for (const { name, start } of registries) {
  for (const { format, tool, sign } of formats) {
    test(`what ${tool} signs at ${name} (${format}) is accepted from its key alone`, async (t) => {
      if (!requireServer(t, name, tool, 'cosign')) return;
      const server = await start();
      t.after(server.stop);
      const { path: folder, remove } = await temporaryFolder('cosign');
      t.after(remove);
      const [ours, theirs] = ['ours', 'theirs'].map((who) => join(folder, who));
      assert.ok(ours && theirs);
      await Promise.all([mkdir(ours), mkdir(theirs)]);
      const [keys, others] = await Promise.all([makeCosignKeys(ours), makeCosignKeys(theirs)]);
      const image = buildMultiArch(format);
      const unsigned = buildMultiArch('unsigned');
      const remote = { server, repository: 'signed/app' };
      await pushTo(remote, image, '1.0');
      await pushTo(remote, unsigned, '2.0');

      await sign(`${server.host}/signed/app@${image.digest}`, keys);

      const at = (digest: typeof image.digest) =>
        ({ kind: 'digest', registry: server.host, repository: 'signed/app', digest }) as const;
      const verifier = await accepting(t, server.host, keys.publicKey);
      const accepted = await verifier.verify(at(image.digest));
      assert.deepEqual([accepted.signer.kind, accepted.format], ['key', format]);
      const stranger = await accepting(t, server.host, others.publicKey);
      await assert.rejects(stranger.verify(at(image.digest)), refusedAs('SIGNER_UNTRUSTED'));
      await assert.rejects(verifier.verify(at(unsigned.digest)), refusedAs('SIGNATURE_MISSING'));
    });
  }
}

function refusedAs(code: SignatureError['code']): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof SignatureError, String(error));
    assert.equal(error.code, code);
    return true;
  };
}
