import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { EngineError, MirrorError } from '../../../src/errors.ts';
import type { ContainerEngine } from '../../../src/orchestrator/engine/container-engine.ts';
import { createSocketEngine } from '../../../src/orchestrator/engine/socket-engine.ts';
import type { Credential } from '../../../src/registry/credentials.ts';
import { Secret } from '../../../src/secret.ts';
import { imageNamed, plainSpec } from '../../fakes/container-engine-specs.ts';
import { ScriptedEngine } from '../../fakes/engine-server.ts';
import { assertUnmarked, mark } from '../../support/secrets/marks.ts';

/** An engine, or what stands before it, that refuses and repeats what it was sent. */
async function repeatingEngine(t: TestContext): Promise<ContainerEngine> {
  const engine = await ScriptedEngine.start(({ method, headers, body }) => {
    if (method !== 'POST') return undefined;
    const auth = String(headers['x-registry-auth'] ?? '');
    const decoded = Buffer.from(auth, 'base64url').toString();
    return { status: 400, body: { message: `${decoded} ${auth} ${body.slice(0, 400)}` } };
  });
  t.after(engine.stop);
  return createSocketEngine({ socketPath: engine.socketPath });
}

async function said(action: Promise<unknown>): Promise<string> {
  const error = await action.then(
    () => assert.fail('the engine refuses'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof MirrorError);
  return error.message;
}

const origin = 'a test';
const CREDENTIALS: readonly Credential[] = [
  { kind: 'basic', username: 'ci', password: new Secret(mark('password')), origin },
  { kind: 'identity', identityToken: new Secret(mark('refresh')), origin },
  { kind: 'registry-token', registryToken: new Secret(mark('access')), origin },
];

for (const credential of CREDENTIALS) {
  test(`an engine that repeats a ${credential.kind} credential`, async (t) => {
    const engine = await repeatingEngine(t);
    const message = await said(engine.pull(imageNamed('app'), credential));
    assert.match(message, /\[secret\]/);
    assertUnmarked(message, ['password', 'refresh', 'access'], 'the message');
  });
}

test('an engine that repeats the environment of an app', async (t) => {
  const engine = await repeatingEngine(t);
  const environment = { PLAIN: 'seen', PASSWORD: new Secret(mark('app')) };
  const spec = plainSpec('app', imageNamed('app'), { environment });
  const create = engine.create(spec);
  await assert.rejects(create, EngineError);
  const message = await said(create);
  assert.match(message, /PLAIN=seen/);
  assertUnmarked(message, ['app'], 'the message');
});
