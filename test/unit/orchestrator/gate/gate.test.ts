import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passGate, type GateVerdict } from '../../../../src/orchestrator/gate/gate.ts';
import type { GatePolicy } from '../../../../src/orchestrator/gate/limits.ts';
import type { FakeContainerEngine } from '../../../fakes/container-engine.ts';
import { everySecond, programs, type Program } from '../../../fakes/container-engine-programs.ts';
import { imageNamed, plainSpec } from '../../../fakes/container-engine-specs.ts';
import { engineWith, fakeProbe, NETWORK } from '../../../support/orchestrator/swap-world.ts';

const PROBE = { port: 8000, path: '/server/health' } as const;
const POLICY: GatePolicy = { probe: PROBE, settleSeconds: 10, timeoutSeconds: undefined };

test('healthy for the settle time is good', async () => {
  const { verdict, seconds } = await judge(programs.good);
  assert.deepEqual(verdict, { verdict: 'good' });
  assert.ok(seconds >= 11 && seconds < 14, `${seconds} s`);
});

test('without a health check the probe is asked', async () => {
  assert.deepEqual((await judge(programs.unchecked)).verdict, { verdict: 'good' });
  const mute = await judge({}, { ...POLICY, timeoutSeconds: 60 });
  assert.match(reasonOf(mute.verdict), /did not become good within 60 s: it answers nothing/);
});

test('the probe is not asked where there is a health check', async () => {
  const { verdict } = await judge({ ...programs.good, http: [[0, 500]] });
  assert.deepEqual(verdict, { verdict: 'good' });
});

test('with neither, running for twice the settle time is good', async () => {
  const { verdict, seconds } = await judge({}, { ...POLICY, probe: undefined });
  assert.deepEqual(verdict, { verdict: 'good' });
  assert.ok(seconds >= 20 && seconds < 23, `${seconds} s`);
});

test('unhealthy is bad at once', async () => {
  const { verdict, seconds } = await judge(programs.unhealthy);
  assert.match(reasonOf(verdict), /is unhealthy by its own health check/);
  assert.ok(seconds < 5);
});

test('an end is bad at once, and says how', async () => {
  const ends = { afterMs: 3000, exitCode: 7 };
  assert.match(
    reasonOf((await judge({ ...programs.good, ends }, POLICY, 'no')).verdict),
    /ended with exit code 7/,
  );
  const starved = { ...programs.good, ends: { ...ends, outOfMemory: true } };
  assert.match(reasonOf((await judge(starved, POLICY, 'no')).verdict), /ended for want of memory/);
});

test('a start by itself is bad although it is healthy again', async () => {
  // Ended and started again between two looks.
  const ends = { afterMs: 3100, exitCode: 1, runs: 1 };
  const { verdict } = await judge({ ...programs.good, health: [[0, 'healthy']], ends });
  assert.match(reasonOf(verdict), /ended and (started again by itself|is being started again)/);
});

test('good that comes and goes is not settled', async () => {
  const flapping: Program['health'] = Array.from({ length: 100 }, (_, index) => [
    index * 5000,
    index % 2 === 0 ? 'healthy' : 'starting',
  ]);
  const { verdict } = await judge({ healthCheck: everySecond, health: flapping });
  assert.match(reasonOf(verdict), /did not become good within|was not good for 10 s on end within/);
});

test('one that never says how it is runs into the timeout of its health check', async () => {
  const { verdict, seconds } = await judge(programs.silent);
  assert.match(reasonOf(verdict), /its health check says starting/);
  assert.ok(seconds >= 60 && seconds < 75, `${seconds} s`);
});

test('what was never started is bad', async () => {
  const engine = await engineWith({ it: programs.good });
  const id = await engine.create(plainSpec('it', imageNamed('it')));
  const world = { engine, clock: engine.clock, probe: fakeProbe(engine) };
  assert.match(reasonOf(await passGate(world, id, POLICY)), /was never started/);
});

test('an abort ends the looking', async () => {
  const { engine, id } = await started(programs.silent);
  const looks = new AbortController();
  const world = { engine, clock: engine.clock, probe: fakeProbe(engine) };
  const looking = passGate(world, id, POLICY, {
    signal: looks.signal,
    onLook: () => looks.abort(new Error('enough')),
  });
  await assert.rejects(looking, /enough/);
});

async function started(
  program: Program,
  restart: 'no' | 'unless-stopped' = 'unless-stopped',
): Promise<{
  readonly engine: FakeContainerEngine;
  readonly id: Awaited<ReturnType<FakeContainerEngine['create']>>;
}> {
  const engine = await engineWith({ it: program });
  const network = [{ name: NETWORK, aliases: [] }];
  const id = await engine.create(plainSpec('it', imageNamed('it'), { restart, network }));
  await engine.start(id);
  return { engine, id };
}

async function judge(
  program: Program,
  policy: GatePolicy = POLICY,
  restart: 'no' | 'unless-stopped' = 'unless-stopped',
): Promise<{ readonly verdict: GateVerdict; readonly seconds: number }> {
  const { engine, id } = await started(program, restart);
  const begun = engine.clock.now();
  const world = { engine, clock: engine.clock, probe: fakeProbe(engine) };
  const verdict = await passGate(world, id, policy);
  return { verdict, seconds: (engine.clock.now() - begun) / 1000 };
}

function reasonOf(verdict: GateVerdict): string {
  return verdict.verdict === 'bad' ? verdict.reason : 'good';
}
