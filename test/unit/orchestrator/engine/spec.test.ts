import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../../../src/errors.ts';
import type { EngineAnswer } from '../../../../src/orchestrator/engine/engine-connection.ts';
import { dockerDialect } from '../../../../src/orchestrator/engine/docker-dialect.ts';
import { parseContainer, parseImage } from '../../../../src/orchestrator/engine/inspect-json.ts';
import { podmanDialect } from '../../../../src/orchestrator/engine/podman-dialect.ts';
import { readSpec } from '../../../../src/orchestrator/engine/read-spec.ts';
import { differences } from '../../../../src/orchestrator/engine/spec-differences.ts';
import { createBody } from '../../../../src/orchestrator/engine/write-spec.ts';
import type { ContainerSpec } from '../../../../src/orchestrator/engine/container-spec.ts';
import type { Dialect } from '../../../../src/orchestrator/engine/dialect.ts';
import { Secret } from '../../../../src/secret.ts';
import { imageNamed, plainSpec } from '../../../fakes/container-engine-specs.ts';

const docker = dockerDialect('1.41');
const reference = imageNamed('app');
const answer = (body: object): EngineAnswer => ({
  status: 200,
  headers: {},
  body: JSON.stringify(body),
});

function read(
  { HostConfig = {}, Config = {} }: { readonly HostConfig?: object; readonly Config?: object },
  dialect: Dialect = docker,
  imageConfig: object = {},
): ContainerSpec {
  const container = parseContainer(
    answer({
      Id: 'd'.repeat(64),
      Name: '/app',
      State: { Status: 'running' },
      NetworkSettings: {},
      Config,
      HostConfig,
    }),
  );
  const image = parseImage(answer({ Id: 'sha256:1', Config: imageConfig }));
  return readSpec(
    container,
    { reference, config: image.Config, healthCheck: image.Config.Healthcheck },
    dialect,
  );
}

test('what engines leave out, null or empty is the same', () => {
  const nulls = { Binds: null, CapAdd: null, Ulimits: null, LogConfig: null, RestartPolicy: null };
  assert.deepEqual(read({ HostConfig: nulls }), read({ HostConfig: {} }));
});

for (const [setting, value] of Object.entries({
  AutoRemove: true,
  Privileged: true,
  Devices: [{ PathOnHost: '/dev/kvm' }],
  IpcMode: 'host',
  PidMode: 'host',
  Runtime: 'runsc',
  Sysctls: { 'net.core.somaxconn': '1024' },
  CpuShares: 512,
  ShmSize: 1_000_000_000,
  NetworkMode: 'container:abc',
})) {
  test(`a container with ${setting} is not copied without it`, () => {
    assert.throws(
      () => read({ HostConfig: { [setting]: value } }),
      (error) =>
        error instanceof EngineError &&
        error.code === 'ENGINE_REFUSED' &&
        error.message.includes(setting),
    );
  });
}

test('options of a tmpfs and a terminal that would be lost are named', () => {
  assert.throws(() => read({ HostConfig: { Tmpfs: { '/t': 'uid=5,size=1m' } } }), /uid=5/);
  assert.throws(() => read({ Config: { Tty: true } }), /Tty/);
  assert.throws(() => read({ HostConfig: { Memory: 100, MemorySwap: 500 } }), /MemorySwap/);
  read({ HostConfig: { Memory: 100, MemorySwap: 200, Tmpfs: { '/t': 'rw,noexec,size=2m' } } });
});

test('Podman’s user namespace comes from the label, and is not guessed without', () => {
  const HostConfig = { UsernsMode: 'private' };
  assert.throws(() => read({ HostConfig }, podmanDialect), /--userns/);
  const given = plainSpec('app', reference, { userNamespace: 'keep-id:uid=10001,gid=10001' });
  const { Labels } = createBody(given, podmanDialect) as { Labels: Record<string, string> };
  const told = read({ HostConfig, Config: { Labels } }, podmanDialect);
  assert.equal(told.userNamespace, given.userNamespace);
  assert.deepEqual(told.labels, {});
  assert.deepEqual((createBody(given, docker) as { Labels: object }).Labels, {});
});

test('Podman’s own additions are not the container’s', () => {
  const told = read(
    {
      HostConfig: {
        ReadonlyRootfs: true,
        Tmpfs: { '/run': 'rw,rprivate,nosuid,nodev,tmpcopyup', '/mine': 'size=1m' },
      },
      Config: {
        Env: ['container=podman', 'TERM=xterm', 'HOSTNAME=x', 'MINE=1', 'GIVEN=image'],
        StopSignal: '15',
        WorkingDir: '/',
      },
    },
    podmanDialect,
    { Env: ['GIVEN=image'] },
  );
  assert.deepEqual(Object.keys(told.environment), ['MINE']);
  assert.deepEqual(told.mounts, [{ kind: 'tmpfs', target: '/mine', sizeBytes: 1_048_576 }]);
  assert.equal(told.stopSignal, undefined);
  assert.equal(told.workingDirectory, undefined);
});

test('the policy that survives a reboot is asked of each engine in its word', () => {
  const spec = plainSpec('app', reference, { restart: 'unless-stopped' });
  const policy = (dialect: Dialect): unknown =>
    (createBody(spec, dialect) as { HostConfig: { RestartPolicy: unknown } }).HostConfig
      .RestartPolicy;
  assert.deepEqual(policy(docker), { Name: 'unless-stopped' });
  assert.deepEqual(policy(podmanDialect), { Name: 'always' });
});

test('before API 1.44 Docker is given one network at the creation', () => {
  const network = ['one', 'two'].map((name) => ({ name, aliases: ['app'] }));
  const spec = plainSpec('app', reference, { network });
  const networks = (dialect: Dialect): readonly string[] => {
    const body = createBody(spec, dialect) as { NetworkingConfig: { EndpointsConfig: object } };
    return Object.keys(body.NetworkingConfig.EndpointsConfig);
  };
  assert.deepEqual(networks(docker), ['one']);
  assert.deepEqual(networks(dockerDialect('1.44')), ['one', 'two']);
  assert.deepEqual(networks(podmanDialect), ['one', 'two']);
});

test('differences name settings, and never values', () => {
  const blue = plainSpec('app', reference, {
    environment: { PASSWORD: new Secret('old'), SAME: 'x', GONE: '1' },
    capabilities: { add: [], drop: ['NET_RAW', 'CHOWN'] },
    network: [{ name: 'n', aliases: ['b', 'a'] }],
    resources: { pids: 5 },
  });
  const green = plainSpec('app.green', imageNamed('other'), {
    environment: { PASSWORD: new Secret('new'), SAME: new Secret('x') },
    capabilities: { add: [], drop: ['CHOWN', 'NET_RAW'] },
    network: [{ name: 'n', aliases: ['a', 'b'] }],
    resources: { pids: 6 },
    labels: { op: '1' },
  });
  assert.deepEqual(differences(blue, green), [
    'environment.GONE',
    'environment.PASSWORD',
    'resources',
  ]);
  assert.deepEqual(differences(blue, { ...blue, name: 'x' }), []);
});

test('what one engine calls otherwise is no difference, and what no engine restarts is one', () => {
  const unlessStopped = plainSpec('app', reference, { restart: 'unless-stopped' });
  assert.deepEqual(differences(unlessStopped, { ...unlessStopped, restart: 'always' }), []);
  assert.deepEqual(differences(unlessStopped, { ...unlessStopped, restart: 'no' }), ['restart']);
});
