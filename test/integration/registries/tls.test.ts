import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { RegistryError } from '../../../src/errors.ts';
import { createRegistries, type Registries } from '../../../src/registry/client.ts';
import type { HostSettings } from '../../../src/registry/hosts.ts';
import { atTag } from '../../../src/registry/reference.ts';
import { Secret } from '../../../src/secret.ts';
import { buildMultiArch } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { startDockerRegistry } from '../../support/servers/distribution.ts';

const user = { user: 'ci', password: 'right-password' };

function open(t: TestContext, host: string, settings: HostSettings): Registries {
  const registries = createRegistries({ hosts: { [host]: settings }, env: {} });
  t.after(() => registries.close());
  return registries;
}

test('a registry with a private certificate and a password is read and written', async (t) => {
  if (!requireServer(t, 'docker-registry', 'htpasswd', 'openssl')) return;
  const server = await startDockerRegistry({ tls: true, htpasswd: user });
  t.after(server.stop);
  const password = new Secret(user.password);
  const ca = await readFile(server.ca ?? '', 'utf8');
  const { source, target } = open(t, server.host, { username: user.user, password, ca });
  const image = buildMultiArch('tls');
  const from = { registry: server.host, repository: 'from/app' };
  for (const [digest, bytes] of image.blobs) {
    const descriptor = { mediaType: 'application/octet-stream', digest, size: bytes.byteLength };
    await target.putBlob(from, descriptor, async () => Promise.resolve(Readable.from([bytes])));
  }
  for (const manifest of image.manifests) {
    await target.putManifest({ kind: 'digest', ...from, digest: manifest.digest }, manifest);
  }

  const copier = createRegistryCopier({ source, target, signatures: true });
  const tag = atTag({ ...from, repository: 'to/app' }, '1.0');
  const result = await copier.copy({ kind: 'digest', ...from, digest: image.digest }, tag);

  assert.equal((await target.head(tag))?.digest, image.digest);
  assert.equal(result.blobs.mounted, image.blobs.size, 'the same registry mounts');
});

test('an unknown certificate and a wrong password are told apart', async (t) => {
  if (!requireServer(t, 'docker-registry', 'htpasswd', 'openssl')) return;
  const server = await startDockerRegistry({ tls: true, htpasswd: user });
  t.after(server.stop);
  const image = atTag({ registry: server.host, repository: 'some/app' }, '1.0');
  const ca = await readFile(server.ca ?? '', 'utf8');

  const untrusted = open(t, server.host, {}).source;
  await assert.rejects(untrusted.head(image), failsWith('REGISTRY_UNAVAILABLE', /certificate/));
  const password = new Secret('wrong-password');
  const refused = open(t, server.host, { ca, username: user.user, password }).source;
  await assert.rejects(refused.head(image), failsWith('REGISTRY_UNAUTHORIZED', /ci|user/));
});

function failsWith(code: RegistryError['code'], message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof RegistryError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /password/);
    return true;
  };
}
