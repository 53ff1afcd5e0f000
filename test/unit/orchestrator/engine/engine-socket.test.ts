import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../../src/errors.ts';
import { findEngineSocket } from '../../../../src/orchestrator/engine/engine-socket.ts';

const none = { env: {}, userId: 1000, exists: () => false };

test('the configuration decides before the environment', () => {
  const env = { DOCKER_HOST: 'unix:///docker', CONTAINER_HOST: 'unix:///podman' };
  const sources = { ...none, env };
  assert.equal(findEngineSocket('/mine', sources).path, '/mine');
  assert.equal(findEngineSocket('unix:///mine', sources).path, '/mine');
  assert.deepEqual(findEngineSocket(undefined, sources), {
    path: '/docker',
    origin: 'DOCKER_HOST',
  });
  assert.deepEqual(
    findEngineSocket(undefined, { ...sources, env: { CONTAINER_HOST: 'unix:///podman' } }),
    { path: '/podman', origin: 'CONTAINER_HOST' },
  );
});

test("the user's own engine comes before the machine's", () => {
  const present = new Set(['/run/user/1000/podman/podman.sock', '/var/run/docker.sock']);
  const exists = (path: string): boolean => present.has(path);
  assert.equal(
    findEngineSocket(undefined, { ...none, exists }).path,
    '/run/user/1000/podman/podman.sock',
  );
  assert.equal(
    findEngineSocket(undefined, { ...none, exists, userId: 0 }).path,
    '/var/run/docker.sock',
  );
  assert.equal(
    findEngineSocket(undefined, {
      ...none,
      env: { XDG_RUNTIME_DIR: '/elsewhere' },
      exists: (path) => path === '/elsewhere/podman/podman.sock',
    }).path,
    '/elsewhere/podman/podman.sock',
  );
});

test('without any socket the usual one is named', () => {
  assert.deepEqual(findEngineSocket(undefined, none), {
    path: '/var/run/docker.sock',
    origin: 'default',
  });
});

test('an engine on the network is refused', () => {
  for (const address of ['tcp://127.0.0.1:2375', 'ssh://host', 'docker.sock', 'unix://relative']) {
    const env = { DOCKER_HOST: address };
    assert.throws(
      () => findEngineSocket(undefined, { ...none, env }),
      (error) =>
        error instanceof ConfigError && /DOCKER_HOST.*not a Unix socket/.test(error.message),
    );
  }
});
