import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test, type TestContext } from 'node:test';
import { EngineError, RegistryError } from '../../../src/errors.ts';
import type { ContainerEngine } from '../../../src/orchestrator/engine/container-engine.ts';
import type { ContainerEvent } from '../../../src/orchestrator/engine/container.ts';
import { createSocketEngine } from '../../../src/orchestrator/engine/socket-engine.ts';
import type { Credential } from '../../../src/registry/credentials.ts';
import { Secret } from '../../../src/secret.ts';
import { plainSpec } from '../../fakes/container-engine-specs.ts';
import { buildImage } from '../../support/images.ts';
import {
  startDockerRegistry,
  type DistributionServer,
} from '../../support/servers/distribution.ts';
import { startDocker } from '../../support/servers/docker.ts';
import { publishRunnable, runnableImage } from '../../support/servers/engine-images.ts';
import type { EngineServer, EngineServerOptions } from '../../support/servers/engine-server.ts';
import { startPodman } from '../../support/servers/podman.ts';
import { pushTo } from '../../support/servers/push.ts';
import { freePort, waitFor } from '../../support/servers/server-process.ts';
import { whyNot } from './real-engine.ts';

const anonymous: Credential = { kind: 'anonymous', origin: 'test' };
const sleeps = { script: 'trap "exit 0" TERM; while true; do sleep 0.1; done' };

interface World {
  readonly registry: DistributionServer;
  readonly server: EngineServer;
  readonly engine: ContainerEngine;
}

const engines: readonly {
  readonly name: string;
  readonly program: string;
  readonly start: (options: EngineServerOptions) => Promise<EngineServer>;
}[] = [
  { name: 'Docker', program: 'dockerd', start: startDocker },
  { name: 'Podman', program: 'podman', start: startPodman },
];

for (const { name, program, start } of engines) {
  const world = async (
    t: TestContext,
    options: EngineServerOptions & Parameters<typeof startDockerRegistry>[0] = {},
  ): Promise<World> => {
    const registry = await startDockerRegistry(options);
    t.after(registry.stop);
    const server = await start(options);
    t.after(server.stop);
    return { registry, server, engine: createSocketEngine({ socketPath: server.socketPath }) };
  };

  describe(`${name} in trouble`, { skip: whyNot(program) ?? false }, () => {
    test('pulls with the right credentials, and tells wrong ones apart', async (t) => {
      const user = { user: 'robot', password: `p/+=~${randomUUID()}` };
      const { registry, engine } = await world(t, { htpasswd: user });
      const image = await runnableImage(sleeps);
      await pushTo({ server: registry, repository: 'private/app', user }, image);
      const { digest } = image;
      const reference = {
        kind: 'digest',
        registry: registry.host,
        repository: 'private/app',
        digest,
      } as const;
      const basic = (password: string): Credential => ({
        kind: 'basic',
        username: user.user,
        password: new Secret(password),
        origin: 'test',
      });
      for (const credential of [anonymous, basic('wrong')]) {
        await assert.rejects(engine.pull(reference, credential), (error) => {
          assert.ok(error instanceof RegistryError, String(error));
          assert.equal(error.code, 'REGISTRY_UNAUTHORIZED', error.message);
          assert.doesNotMatch(error.message, /wrong/);
          return true;
        });
      }
      assert.match(await engine.pull(reference, basic(user.password)), /^sha256:/);
    });

    test('says that its disk is full', async (t) => {
      const { registry, engine } = await world(t, { diskBytes: 16 * 1024 * 1024 });
      const image = buildImage({ seed: name, layers: [24 * 1024 * 1024] });
      await pushTo({ server: registry, repository: 'large' }, image);
      const { digest } = image;
      const reference = {
        kind: 'digest',
        registry: registry.host,
        repository: 'large',
        digest,
      } as const;
      await assert.rejects(engine.pull(reference, anonymous), (error) => {
        assert.ok(error instanceof EngineError, String(error));
        assert.equal(error.code, 'ENGINE_REFUSED');
        assert.match(error.message, /no space left on device.*free some of it/);
        return true;
      });
    });

    test('says that a registry is away', async (t) => {
      const { registry, engine } = await world(t);
      const image = await publishRunnable(registry, 'app', sleeps);
      const away = { ...image, registry: `127.0.0.1:${await freePort()}` };
      await assert.rejects(
        engine.pull(away, anonymous),
        (error) => error instanceof RegistryError && error.code === 'REGISTRY_UNAVAILABLE',
      );
    });

    test('does not start a second container on a port of the host', async (t) => {
      const { registry, engine } = await world(t);
      const image = await publishRunnable(registry, 'app', sleeps);
      await engine.pull(image, anonymous);
      await engine.ensureNetwork('ports', {});
      const ports = [
        {
          containerPort: 80,
          protocol: 'tcp',
          hostAddress: '127.0.0.1',
          hostPort: await freePort(),
        },
      ] as const;
      const network = [{ name: 'ports', aliases: [] }];
      const [blue, green] = [
        await engine.create(plainSpec('blue', image, { ports, network })),
        await engine.create(plainSpec('green', image, { ports, network })),
      ];
      await engine.start(blue);
      assert.deepEqual((await engine.specOf(blue)).ports, ports);
      await assert.rejects(engine.start(green), (error) => {
        assert.ok(error instanceof EngineError);
        assert.equal(error.code, 'ENGINE_REFUSED');
        assert.match(error.message, /has that port/);
        return true;
      });
      await engine.stop(blue, 10);
      await engine.start(green);
    });

    test('goes away and comes back', async (t) => {
      const { registry, server, engine } = await world(t);
      const image = await publishRunnable(registry, 'app', sleeps);
      await engine.pull(image, anonymous);
      const labels = { part: 'test' };
      const id = await engine.create(plainSpec('app', image, { labels, network: 'none' }));
      await engine.start(id);
      const stop = new AbortController();
      t.after(() => stop.abort());
      const events: ContainerEvent[] = [];
      const listening = listen(engine, labels, stop.signal, events);

      await server.kill();
      await assert.rejects(
        engine.inspect('app'),
        (error) =>
          error instanceof EngineError && error.code === 'ENGINE_UNREACHABLE' && error.retryable,
      );
      await server.restart();

      assert.equal((await engine.inspect('app'))?.id, id);
      await waitFor(
        'the gap is told',
        () => events.some(({ kind }) => kind === 'gap') || undefined,
      );
      await engine.rename(id, 'renamed');
      await waitFor(
        'what follows is told',
        () =>
          events.some((event) => event.kind === 'renamed' && event.name === 'renamed') || undefined,
      );
      stop.abort(new Error('enough'));
      assert.match(await listening, /enough/);
    });
  });
}

async function listen(
  engine: ContainerEngine,
  labels: Readonly<Record<string, string>>,
  signal: AbortSignal,
  events: ContainerEvent[],
): Promise<string> {
  try {
    for await (const event of engine.events(labels, { signal })) events.push(event);
    return 'ended';
  } catch (error) {
    return String(error);
  }
}
