import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatReference, type DigestReference } from '../../../src/registry/reference.ts';
import type { EngineUnderTest } from '../container-engine.ts';
import { anonymous, isEngineError, isRegistryError, Scene } from './scene.ts';

function absent(image: DigestReference): DigestReference {
  return { ...image, digest: `sha256:${'0'.repeat(64)}` };
}

export function testImages(world: () => EngineUnderTest): void {
  test('says what it is', async (t) => {
    const { engine } = new Scene(t, world());
    const info = await engine.info();
    assert.match(info.version, /^\d+\.\d+/);
    assert.match(info.apiVersion, /^1\.\d+$/);
    assert.match(info.architecture, /^(?:amd64|arm64)$/);
    assert.equal(info.rootless, world().isRootless);
  });

  test('pulls an image by its digest, and again at no cost', async (t) => {
    const { engine } = new Scene(t, world());
    const image = await world().publish('good');
    const id = await engine.pull(image, anonymous);
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    assert.equal(await engine.pull(image, anonymous), id);
    const inspected = await engine.inspectImage(image);
    assert.equal(inspected?.id, id);
    assert.ok(inspected.repositoryDigests.includes(formatReference(image)));
    assert.equal((await engine.inspectImage(id))?.id, id);
  });

  test('tells that an image is not in its registry', async (t) => {
    const { engine } = new Scene(t, world());
    const image = absent(await world().publish('good'));
    await assert.rejects(engine.pull(image, anonymous), isRegistryError('REGISTRY_NOT_FOUND'));
    assert.equal(await engine.inspectImage(image), undefined);
  });

  test('creates nothing of an image that was not pulled', async (t) => {
    const scene = new Scene(t, world());
    const image = absent(await world().publish('good'));
    await assert.rejects(scene.engine.create(scene.spec('app', image)), isEngineError('NOT_FOUND'));
    assert.deepEqual(await scene.engine.list(scene.labels), []);
  });

  test('removes an image that nobody uses, and no other', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.create('app', 'endsAtOnce');
    const image = await world().publish('endsAtOnce');
    assert.equal(await scene.engine.removeImage(image), 'in-use');
    assert.ok(await scene.engine.inspectImage(image));
    await scene.engine.remove(id);
    assert.equal(await scene.engine.removeImage(image), 'removed');
    assert.equal(await scene.engine.inspectImage(image), undefined);
    assert.equal(await scene.engine.removeImage(image), 'removed');
    await assert.rejects(scene.engine.create(scene.spec('app', image)), isEngineError('NOT_FOUND'));
    await scene.create('app', 'endsAtOnce');
  });
}
