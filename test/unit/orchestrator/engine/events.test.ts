import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { EngineError } from '../../../../src/errors.ts';
import { createLogger, type LogRecord } from '../../../../src/log.ts';
import type { ContainerEvent } from '../../../../src/orchestrator/engine/container.ts';
import { createSocketEngine } from '../../../../src/orchestrator/engine/socket-engine.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';
import { ScriptedEngine, type Script } from '../../../fakes/engine-server.ts';

const id = 'a'.repeat(64);

function message(Action: string, attributes: object = {}): string {
  const Attributes = { name: 'app', deployment: 'acme', role: 'app', ...attributes };
  return `${JSON.stringify({ Type: 'container', Action, Actor: { ID: id, Attributes }, time: 5 })}\n`;
}

async function listening(
  t: TestContext,
  script: Script,
): Promise<{
  readonly engine: ScriptedEngine;
  readonly clock: FakeClock;
  readonly warnings: readonly LogRecord[];
  readonly take: (count: number) => Promise<readonly ContainerEvent[]>;
}> {
  const engine = await ScriptedEngine.start(script);
  t.after(engine.stop);
  const clock = new FakeClock();
  const warnings: LogRecord[] = [];
  const logger = createLogger((record) => warnings.push(record));
  const client = createSocketEngine({ socketPath: engine.socketPath, clock, logger });
  const take = async (count: number): Promise<readonly ContainerEvent[]> => {
    const events: ContainerEvent[] = [];
    for await (const event of client.events({ deployment: 'acme', role: 'app' })) {
      events.push(event);
      if (events.length === count) break;
    }
    return events;
  };
  return { engine, clock, warnings, take };
}

test('only what concerns the labels is told, in one form for every engine', async (t) => {
  const { engine, clock, take } = await listening(t, () => ({
    status: 200,
    body: [
      message('start'),
      message('exec_start: /bin/true'),
      message('start', { role: 'other' }),
      '{"Type":"network","Action":"connect","Actor":{"ID":"n"},"time":1}\n',
      '{"status":"refresh","Type":"system"}\n',
      message('die', { exitCode: '137' }),
      message('destroy'),
      message('remove'),
    ].join(''),
    hangs: true,
  }));
  const common = { id, name: 'app', at: 5_000 };
  assert.deepEqual(await take(4), [
    { kind: 'started', ...common },
    { kind: 'ended', ...common, exitCode: 137 },
    { kind: 'removed', ...common },
    { kind: 'removed', ...common },
  ]);
  const asked = engine.requests.at(-1);
  assert.equal(asked?.query.get('since'), (clock.now() / 1_000).toFixed(3));
  assert.deepEqual(JSON.parse(asked.query.get('filters') ?? ''), {
    type: ['container'],
    label: ['deployment=acme', 'role=app'],
  });
});

test('an engine that went away is listened to again, and the gap is told', async (t) => {
  let connections = 0;
  const { clock, warnings, take } = await listening(t, () => {
    connections += 1;
    if (connections === 2 || connections === 3) return { status: 503, body: 'starting' };
    return { status: 200, body: message('start'), cuts: true };
  });
  const kinds = (await take(3)).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['started', 'gap', 'started']);
  assert.deepEqual(clock.sleeps, [200, 400, 800], 'pauses that grow');
  assert.equal(warnings.length, 3);
  assert.match(String(warnings[0]?.fields['error']), /cut the connection|aborted/);
});

test('an engine that does not let one listen is not asked for ever', async (t) => {
  const { take } = await listening(t, () => ({ status: 403, body: { message: 'forbidden' } }));
  await assert.rejects(
    take(1),
    (error) => error instanceof EngineError && error.code === 'ENGINE_REFUSED',
  );
});

test('without labels nobody listens: it would be everybody’s containers', async (t) => {
  const engine = await ScriptedEngine.start();
  t.after(engine.stop);
  const client = createSocketEngine(engine);
  assert.throws(() => client.events({}), /at least one label/);
  await assert.rejects(client.list({}), /at least one label/);
});
