import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SelfUpdateResult } from '../../../../src/orchestrator/commands.ts';
import { programs, type Program } from '../../../fakes/container-engine-programs.ts';
import { imageNamed } from '../../../fakes/container-engine-specs.ts';
import { Machine, ORCHESTRATOR } from '../../../support/orchestrator/machine.ts';

const BEFORE = '1.0.0';
const AFTER = '2.0.0';
const REQUEST = { commandId: 'update-1', image: `atlanhq/orchestrator:${AFTER}` } as const;

const crashesAfter = (seconds: number): Program => ({
  ...programs.good,
  ends: { afterMs: seconds * 1000, exitCode: 5 },
});

/** What the new version is like, and whether it comes to be the active one. */
const NEW_VERSIONS: Readonly<
  Record<string, { readonly program: Program | undefined; readonly wins: boolean }>
> = {
  good: { program: programs.good, wins: true },
  unhealthy: { program: programs.unhealthy, wins: false },
  silent: { program: programs.silent, wins: false },
  'crash-looping': { program: programs.crashLooping, wins: false },
  'late crashing': { program: programs.lateCrashing, wins: false },
  'crashing once it is active': { program: crashesAfter(20), wins: false },
  'crashing once it has settled': { program: crashesAfter(300), wins: true },
  unstartable: { program: programs.unstartable, wins: false },
  missing: { program: undefined, wins: false },
};

/** A self-update has ten changes at most. */
const CRASH_POINTS = Array.from({ length: 12 }, (_, index) => index + 1);

for (const [kind, { program, wins }] of Object.entries(NEW_VERSIONS)) {
  test(`new version ${kind}: the update converges`, async () => {
    await assertConverges([], program, wins);
  });

  test(`new version ${kind}: the update by a command line beside it converges, too`, async () => {
    const machine = new Machine();
    await machine.boot(BEFORE);
    if (program !== undefined) machine.publish(AFTER, program);
    const { active } = machine;
    assert.ok(active !== undefined);
    let result: SelfUpdateResult | undefined;
    const asking = (async () => {
      result = await active.beside.selfUpdate(REQUEST);
    })();
    const version = wins ? AFTER : BEFORE;
    const rested = await machine.runUntil(
      async () => result !== undefined && (await isAlone(machine, version)),
    );
    await machine.shutDown();
    await asking;
    assert.ok(rested, `${JSON.stringify(result)}: ${JSON.stringify(machine.engine.states)}`);
    assert.ok(Math.max(...machine.actives) <= 1, 'two were active');
    // It tells of the gate alone: what becomes of it after that, status tells.
    const passes = wins || kind === 'crashing once it is active';
    assert.equal(result?.outcome, passes ? 'handing-over' : 'failed');
  });

  test(`new version ${kind}: it converges after a crash of the old one at every step`, async () => {
    for (const point of CRASH_POINTS) await assertConverges([point], program, wins);
  });

  test(`new version ${kind}: it converges after crashes of both`, async () => {
    for (const first of [2, 4, 5, 6, 7, 8]) {
      for (const second of [1, 2]) await assertConverges([first, second, 1], program, wins);
    }
  });
}

async function assertConverges(
  deaths: readonly number[],
  program: Program | undefined,
  wins: boolean,
): Promise<void> {
  const machine = new Machine(deaths);
  await machine.boot(BEFORE);
  if (program !== undefined) machine.publish(AFTER, program);
  const result = await update(machine);
  const context = `deaths ${deaths.join(', ')}: ${machine.effects.join(', ')}: ${JSON.stringify(result)}`;
  const version = wins ? AFTER : BEFORE;
  const rested = await machine.runUntil(async () => isAlone(machine, version));
  await machine.shutDown();
  assert.ok(rested, `${context}: ${JSON.stringify(machine.engine.states)}`);
  assert.ok(Math.max(...machine.actives) <= 1, `two were active: ${context}`);
  assert.equal(result.outcome, wins ? 'done' : 'failed', context);
}

/** Asks as the workflow does: whoever is active, until there is an answer. */
async function update(machine: Machine): Promise<SelfUpdateResult> {
  let result: SelfUpdateResult | undefined;
  let asked: object | undefined;
  const isOver = (): boolean =>
    result !== undefined &&
    result.outcome !== 'handing-over' &&
    !(result.outcome === 'failed' && result.failure.retryable);
  const ask = async (active: NonNullable<Machine['active']>): Promise<void> => {
    try {
      result = await machine.call(active, async (commands) => commands.selfUpdate(REQUEST));
    } catch {
      // It died, or was cancelled: the next one is asked.
    }
    if (asked === active) asked = undefined;
  };
  await machine.runUntil(() => {
    if (isOver()) return true;
    const { active } = machine;
    if (active === undefined || active === asked) return false;
    asked = active;
    void ask(active);
    return false;
  });
  assert.ok(result !== undefined, 'nobody answered');
  return result;
}

async function isAlone(machine: Machine, version: string): Promise<boolean> {
  const names = Object.keys(machine.engine.states);
  if (names.length !== 1 || names[0] !== ORCHESTRATOR) return false;
  const [container, image] = await Promise.all([
    machine.engine.inspect(ORCHESTRATOR),
    machine.engine.inspectImage(imageNamed(version)),
  ]);
  return container?.imageId === image?.id && machine.active?.id === container?.id;
}
