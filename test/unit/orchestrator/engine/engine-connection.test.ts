import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { EngineError } from '../../../../src/errors.ts';
import { unreachable } from '../../../../src/orchestrator/engine/engine-failures.ts';
import { createSocketEngine } from '../../../../src/orchestrator/engine/socket-engine.ts';
import { podman4, ScriptedEngine, type Script } from '../../../fakes/engine-server.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'socket-'));
  t.after(async () => rm(path, { recursive: true }));
  return path;
}

async function scripted(t: TestContext, script?: Script): Promise<ScriptedEngine> {
  const engine = await ScriptedEngine.start(script);
  t.after(engine.stop);
  return engine;
}

async function failure(work: Promise<unknown>): Promise<EngineError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof EngineError, String(error));
    return error;
  }
  return assert.fail('it succeeded');
}

test('a socket that is not there', async (t) => {
  const socketPath = join(await folder(t), 'none.sock');
  const error = await failure(createSocketEngine({ socketPath }).inspect('app'));
  assert.equal(error.code, 'ENGINE_UNREACHABLE');
  assert.ok(error.retryable);
  assert.match(error.message, /reach the container engine at unix:.*none\.sock: there is no such/);
  assert.match(error.message, /Start the engine.*DOCKER_HOST/);
});

test('a file or a folder in place of a socket', async (t) => {
  const path = await folder(t);
  const file = join(path, 'file');
  await writeFile(file, '');
  const error = await failure(createSocketEngine({ socketPath: file }).inspect('app'));
  assert.equal(error.code, 'ENGINE_UNREACHABLE');
  await mkdir(join(path, 'folder'));
  const other = await failure(createSocketEngine({ socketPath: join(path, 'folder') }).info());
  assert.equal(other.code, 'ENGINE_UNREACHABLE');
});

test('a socket this process may not use names the group that may', async (t) => {
  const engine = await scripted(t);
  const denied = Object.assign(new Error('connect EACCES'), { code: 'EACCES' });
  await chmod(engine.socketPath, 0o660);
  const error = await unreachable(engine.socketPath, 'list containers', denied);
  assert.equal(error.cause, denied);
  const gid = process.getgid?.() ?? 0;
  assert.match(
    error.message,
    new RegExp(`cannot list containers at .*permission denied.*--group-add ${gid}\\)`),
  );
});

test('a socket nobody listens at', async (t) => {
  const engine = await scripted(t);
  const { socketPath } = engine;
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  assert.match((await unreachable(socketPath, 'x', refused)).message, /nobody listens/);
});

test('an engine that says nothing is given up', async (t) => {
  const engine = await scripted(t, () => ({ status: 200, body: '{"Id":', hangs: true }));
  const client = createSocketEngine({ socketPath: engine.socketPath, silenceMs: 30 });
  const error = await failure(client.inspect('app'));
  assert.equal(error.code, 'ENGINE_UNREACHABLE');
  assert.match(error.message, /said nothing for 0\.03 s/);
});

test('an engine that goes away in mid-answer is unreachable', async (t) => {
  const engine = await scripted(t, () => ({ status: 200, body: '{"Id":', cuts: true }));
  const error = await failure(createSocketEngine(engine).inspect('app'));
  assert.equal(error.code, 'ENGINE_UNREACHABLE');
});

test('what answers in a way not understood is refused', async (t) => {
  const engine = await scripted(t, () => ({ status: 200, body: '<html>' }));
  const error = await failure(createSocketEngine(engine).inspect('app'));
  assert.equal(error.code, 'ENGINE_REFUSED');
  assert.match(error.message, /does not understand/);
});

test('a proxy whose engine is away says unreachable, one that forbids says refused', async (t) => {
  const engine = await scripted(t, () => ({ status: 503, body: 'no backend' }));
  const client = createSocketEngine(engine);
  assert.equal((await failure(client.inspect('app'))).code, 'ENGINE_UNREACHABLE');
  engine.script = () => ({ status: 403, body: { message: 'forbidden by policy' } });
  const error = await failure(client.inspect('app'));
  assert.equal(error.code, 'ENGINE_REFUSED');
  assert.match(error.message, /"forbidden by policy" \(HTTP 403\).*socket proxy/);
});

test('a signal abandons an answer in its middle', async (t) => {
  const abort = new AbortController();
  const engine = await scripted(t, () => {
    setImmediate(() => abort.abort(new Error('enough')));
    return { status: 200, body: '{"Id":', hangs: true };
  });
  const inspect = createSocketEngine(engine).inspect('app', { signal: abort.signal });
  await assert.rejects(inspect, /^Error: enough$/);
});

test('the newest version that both speak is spoken', async (t) => {
  const engine = await scripted(t);
  const spoken = async (ApiVersion: string, MinAPIVersion: string): Promise<string> => {
    engine.version = { Version: '1', ApiVersion, MinAPIVersion, Arch: 'amd64' };
    await createSocketEngine(engine).inspect('app');
    return engine.requests.at(-1)?.version ?? '';
  };
  assert.equal(await spoken('1.41', '1.12'), 'v1.41', 'Docker 20.10');
  assert.equal(await spoken('1.43', '1.12'), 'v1.43', 'Docker 24');
  assert.equal(await spoken('1.52', '1.44'), 'v1.44', 'Docker 29');
  assert.equal(await spoken('1.60', '1.47'), 'v1.47', 'a Docker to come');
  assert.equal(await spoken('1.41', '4.0.0'), 'v1.41', 'Podman 4');
  engine.version = { Version: '19.03.15', ApiVersion: '1.40', MinAPIVersion: '1.12' };
  const error = await failure(createSocketEngine(engine).inspect('app'));
  assert.equal(error.code, 'ENGINE_REFUSED');
  assert.match(error.message, /19\.03\.15.*needed is 1\.41.*Upgrade/);
});

test('an engine that was replaced while it was away is asked anew', async (t) => {
  const engine = await scripted(t);
  const client = createSocketEngine(engine);
  await client.inspect('app');
  await engine.close();
  assert.equal((await failure(client.inspect('app'))).code, 'ENGINE_UNREACHABLE');
  engine.version = { Version: '29.0.0', ApiVersion: '1.52', MinAPIVersion: '1.44', Arch: 'amd64' };
  await engine.listen();
  assert.equal(await client.inspect('app'), undefined);
  assert.equal(engine.requests.at(-1)?.version, 'v1.44');
});

test('what the engine is, is told', async (t) => {
  const engine = await scripted(t, () => ({
    status: 200,
    body: { SecurityOptions: ['name=seccomp,profile=default', 'name=rootless'] },
  }));
  engine.version = podman4;
  assert.deepEqual(await createSocketEngine(engine).info(), {
    kind: 'podman',
    version: '4.3.1',
    apiVersion: '1.41',
    rootless: true,
    architecture: 'amd64',
  });
});
