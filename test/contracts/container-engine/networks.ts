import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerId } from '../../../src/orchestrator/engine/container.ts';
import type { EngineUnderTest } from '../container-engine.ts';
import { isEngineError, noSuchContainer, Scene } from './scene.ts';

async function aliases(scene: Scene, id: ContainerId): Promise<unknown> {
  const { network } = await scene.inspect(id);
  return typeof network === 'string'
    ? network
    : Object.fromEntries(network.map((one) => [one.name, one.aliases]));
}

export function testNetworks(world: () => EngineUnderTest): void {
  test('makes a network once', async (t) => {
    const scene = new Scene(t, world());
    const network = await scene.network('net');
    await scene.engine.ensureNetwork(network, scene.labels);
    await scene.engine.removeNetwork(network);
    await scene.engine.removeNetwork(network);
  });

  test('creates a container in several networks, each with its aliases', async (t) => {
    const scene = new Scene(t, world());
    const [one, two] = [await scene.network('one'), await scene.network('two')];
    const network = [
      { name: one, aliases: ['app', 'other'] },
      { name: two, aliases: ['second'] },
    ];
    const id = await scene.run('app', 'bare', { network });
    assert.deepEqual(await aliases(scene, id), { [one]: ['app', 'other'], [two]: ['second'] });
    const { addresses } = await scene.inspect(id);
    assert.deepEqual(addresses.map((address) => address.network).toSorted(), [one, two].toSorted());
    for (const { ip } of addresses) assert.match(ip, /^\d+\.\d+\.\d+\.\d+$/);
  });

  test('creates nothing in a network that is not there', async (t) => {
    const scene = new Scene(t, world());
    const network = [{ name: scene.name('nowhere'), aliases: [] }];
    await assert.rejects(scene.create('app', 'bare', { network }), isEngineError('NOT_FOUND'));
    assert.deepEqual(await scene.engine.list(scene.labels), []);
  });

  test('connects a running container, and again at no cost', async (t) => {
    const scene = new Scene(t, world());
    const [one, two] = [await scene.network('one'), await scene.network('two')];
    const id = await scene.run('app', 'bare', { network: [{ name: one, aliases: ['app'] }] });
    await scene.engine.connect(id, { name: two, aliases: ['two'] });
    const before = (await scene.inspect(id)).addresses;
    await scene.engine.connect(id, { name: two, aliases: ['two'] });
    assert.deepEqual((await scene.inspect(id)).addresses, before);
    assert.deepEqual(await aliases(scene, id), { [one]: ['app'], [two]: ['two'] });
    assert.equal((await scene.inspect(id)).state, 'running');
  });

  test('gives a container other aliases in its network', async (t) => {
    const scene = new Scene(t, world());
    const name = await scene.network('net');
    const id = await scene.run('app', 'bare', { network: [{ name, aliases: ['green'] }] });
    await scene.engine.connect(id, { name, aliases: ['app', 'blue'] });
    assert.deepEqual(await aliases(scene, id), { [name]: ['app', 'blue'] });
  });

  test('takes a container out of a network, and again at no cost', async (t) => {
    const scene = new Scene(t, world());
    const [one, two] = [await scene.network('one'), await scene.network('two')];
    const network = [one, two].map((name) => ({ name, aliases: ['app'] }));
    const id = await scene.run('app', 'bare', { network });
    await scene.engine.disconnect(id, two);
    await scene.engine.disconnect(id, two);
    assert.deepEqual(await aliases(scene, id), { [one]: ['app'] });
    await scene.engine.disconnect(noSuchContainer, two);
  });

  test('does not connect what is not there', async (t) => {
    const scene = new Scene(t, world());
    const name = await scene.network('net');
    const id = await scene.create('app', 'bare', { network: [{ name, aliases: [] }] });
    await assert.rejects(
      scene.engine.connect(id, { name: scene.name('nowhere'), aliases: [] }),
      isEngineError('NOT_FOUND'),
    );
    await assert.rejects(
      scene.engine.connect(noSuchContainer, { name, aliases: [] }),
      isEngineError('NOT_FOUND'),
    );
  });

  test('does not remove a network that somebody is in', async (t) => {
    const scene = new Scene(t, world());
    const name = await scene.network('net');
    const id = await scene.run('app', 'bare', { network: [{ name, aliases: [] }] });
    await assert.rejects(scene.engine.removeNetwork(name), isEngineError('ENGINE_REFUSED'));
    assert.equal((await scene.inspect(id)).state, 'running');
  });
}
