import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { EngineError } from '../../../../src/errors.ts';
import type { ContainerEngine } from '../../../../src/orchestrator/engine/container-engine.ts';
import type { ContainerId } from '../../../../src/orchestrator/engine/container.ts';
import { createSocketEngine } from '../../../../src/orchestrator/engine/socket-engine.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';
import { imageNamed, plainSpec } from '../../../fakes/container-engine-specs.ts';
import { podman4, ScriptedEngine, type Script } from '../../../fakes/engine-server.ts';

const id = 'c'.repeat(64) as ContainerId;

interface Shape {
  readonly running?: boolean;
  readonly checkedAt?: number | undefined;
}

function container({ running = true, checkedAt }: Shape = {}): object {
  const log = checkedAt === undefined ? null : [{ End: new Date(checkedAt).toISOString() }];
  return {
    Id: id,
    Name: '/app',
    State: {
      Status: running ? 'running' : 'exited',
      Running: running,
      StartedAt: '2026-01-01T00:00:00Z',
      Health: { Status: '', Log: log },
    },
    Config: { Healthcheck: { Test: ['CMD', 'true'], Interval: 10e9 } },
    HostConfig: { RestartPolicy: { Name: 'always' } },
    NetworkSettings: {},
  };
}

async function podman(
  t: TestContext,
  script: Script,
): Promise<{
  readonly server: ScriptedEngine;
  readonly engine: ContainerEngine;
  readonly clock: FakeClock;
}> {
  const server = await ScriptedEngine.start(script);
  server.version = podman4;
  t.after(server.stop);
  const clock = new FakeClock();
  return { server, clock, engine: createSocketEngine({ socketPath: server.socketPath, clock }) };
}

test('a name in use is told by its words, since the status is 500', async (t) => {
  const { engine } = await podman(t, () => ({
    status: 500,
    body: {
      cause: 'that name is already in use',
      message: 'creating container storage: the container name "app" is already in use by c1',
    },
  }));
  await assert.rejects(
    engine.create(plainSpec('app', imageNamed('app'))),
    (error) => error instanceof EngineError && error.code === 'NAME_TAKEN',
  );
});

test('a stop between crash and restart is asked again until it is for good', async (t) => {
  let stops = 0;
  const { engine, server } = await podman(t, ({ path }) => {
    if (!path.endsWith('/stop')) return { status: 200, body: container({ running: stops === 3 }) };
    stops += 1;
    return { status: stops === 4 ? 204 : 304 };
  });
  await engine.stop(id, 1);
  assert.equal(server.asked.filter((asked) => asked.endsWith('/stop')).length, 4);
});

test('what stays stopped for a second is stopped', async (t) => {
  const { engine, clock } = await podman(t, ({ path }) =>
    path.endsWith('/stop') ? { status: 304 } : { status: 200, body: container({ running: false }) },
  );
  const before = clock.now();
  await engine.stop(id, 1);
  assert.ok(clock.now() - before >= 1_000 && clock.now() - before < 2_000);
});

test('a container that is started again after every stop is no success', async (t) => {
  const { engine } = await podman(t, ({ path }) =>
    path.endsWith('/stop') ? { status: 304 } : { status: 200, body: container() },
  );
  await assert.rejects(engine.stop(id, 1), /started container .* again after every stop/);
});

test('a removal that fails is asked again until the container is gone', async (t) => {
  let removals = 0;
  const { engine, server } = await podman(t, ({ method }) => {
    if (method === 'GET') return { status: 200, body: container() };
    removals += 1;
    return removals < 3 ? { status: 500, body: { message: 'cannot remove' } } : { status: 404 };
  });
  await engine.remove(id);
  assert.deepEqual(
    [...new Set(server.asked)],
    [`DELETE /v4.0.0/libpod/containers/${id}`, `GET /containers/${id}/json`],
  );
  assert.equal(
    server.requests.find(({ method }) => method === 'DELETE')?.query.get('timeout'),
    '0',
  );
});

test('a removal that never succeeds ends', async (t) => {
  const { engine } = await podman(t, ({ method }) =>
    method === 'GET'
      ? { status: 200, body: container() }
      : { status: 500, body: { message: 'device or resource busy' } },
  );
  await assert.rejects(engine.remove(id), /did not remove container .*busy/);
});

test('health is checked by hand, no more often than the image asks', async (t) => {
  let checks = 0;
  let checkedAt: number | undefined;
  const world = await podman(t, ({ path }) => {
    if (!path.endsWith('/healthcheck')) return { status: 200, body: container({ checkedAt }) };
    checks += 1;
    checkedAt = world.clock.now();
    return { status: 200, body: { Status: 'healthy' } };
  });
  for (const [afterMs, wanted] of [
    [0, 1],
    [9_000, 1],
    [2_000, 2],
  ] as const) {
    world.clock.advance(afterMs);
    await world.engine.checkHealth(id);
    assert.equal(checks, wanted);
  }
});

test('a health check of a container that just ended is no failure', async (t) => {
  const { engine } = await podman(t, ({ path }) =>
    path.endsWith('/healthcheck')
      ? { status: 409, body: { message: 'container is not running' } }
      : { status: 200, body: container() },
  );
  assert.equal((await engine.checkHealth(id)).health, 'starting');
});

/** What Podman 4.3 says while another image that shares layers is being removed. */
const goneMeanwhile = {
  status: 500,
  body: {
    cause: 'image not known',
    message: 'reading image "a1cf": locating image with ID "a1cf": image not known',
  },
};

test('an image that goes while it is looked at is not there', async (t) => {
  const { engine } = await podman(t, () => goneMeanwhile);
  assert.equal(await engine.inspectImage(imageNamed('app')), undefined);
  assert.equal(await engine.removeImage(imageNamed('app')), 'removed');
});

test('an image that goes while a container is created of it is what is missing', async (t) => {
  const { engine } = await podman(t, ({ method }) =>
    method === 'POST' ? goneMeanwhile : undefined,
  );
  await assert.rejects(
    engine.create(plainSpec('app', imageNamed('app'), { network: [] })),
    (error) => error instanceof EngineError && error.code === 'NOT_FOUND',
  );
});

test('an image that goes right after it came is pulled once more', async (t) => {
  const image = imageNamed('app');
  let pulls = 0;
  const { engine } = await podman(t, ({ method }) => {
    if (method === 'POST') {
      pulls += 1;
      return { status: 200, body: JSON.stringify({ status: 'Done' }) };
    }
    if (pulls < 2) return goneMeanwhile;
    const inspected = { Id: `sha256:${'a'.repeat(64)}`, RepoDigests: [], Architecture: 'amd64' };
    return { status: 200, body: { ...inspected, Size: 1, Config: {} } };
  });
  await engine.pull(image, { kind: 'anonymous', origin: 'test' });
  assert.equal(pulls, 2);
});
