import assert from 'node:assert/strict';
import { test } from 'node:test';
import { swap } from '../../../../src/orchestrator/swap/swap.ts';
import { observe } from '../../../../src/orchestrator/swap/places.ts';
import type { FakeContainerEngine } from '../../../fakes/container-engine.ts';
import { mortal } from '../../../fakes/container-engine-crash.ts';
import { imageNamed } from '../../../fakes/container-engine-specs.ts';
import {
  ALIAS,
  APP,
  engineWith,
  LABELS,
  NETWORK,
  programs,
  taskFor,
  versionOf,
  wishFor,
  worldOf,
  type Strategy,
} from '../../../support/orchestrator/swap-world.ts';

const BEFORE = '1.0.0';
const AFTER = '2.0.0';

/** What the new version is like, and whether it comes to serve. */
const NEW_VERSIONS = {
  good: { program: programs.good, serves: true },
  unchecked: { program: programs.unchecked, serves: true },
  'very late crashing': { program: programs.veryLateCrashing, serves: true },
  unhealthy: { program: programs.unhealthy, serves: false },
  silent: { program: programs.silent, serves: false },
  'crash-looping': { program: programs.crashLooping, serves: false },
  'late crashing': { program: programs.lateCrashing, serves: false },
  unstartable: { program: programs.unstartable, serves: false },
  missing: { program: undefined, serves: false },
} as const;

const STRATEGIES = ['blue-green', 'stop-first'] as const;

/** The longest swap has eleven changes; a process that outlives them does not die. */
const CRASH_POINTS = Array.from({ length: 14 }, (_, index) => index + 1);

for (const strategy of STRATEGIES) {
  for (const [kind, { program, serves }] of Object.entries(NEW_VERSIONS)) {
    test(`${strategy}, new version ${kind}: a re-run converges after a crash at every step`, async () => {
      let points = 0;
      for (const point of CRASH_POINTS) {
        const engine = await serving(strategy, program);
        const first = mortal(engine, point);
        const task = taskFor(AFTER, strategy);
        await swap(worldOf(engine, first.engine), task, wishFor(AFTER, strategy));
        if (first.effects.length === point) points += 1;
        await assertNotLost(engine, strategy, first.effects);

        const again = await swap(worldOf(engine), task, wishFor(AFTER, strategy));
        assert.equal(again.failure === undefined, serves, first.effects.join(', '));
        await assertOneServes(engine, serves ? AFTER : BEFORE, first.effects);
      }
      assert.ok(points > 1 || kind === 'missing', 'no process died');
    });

    test(`${strategy}, new version ${kind}: a repair alone leaves one version serving`, async () => {
      for (const point of CRASH_POINTS) {
        const engine = await serving(strategy, program);
        const first = mortal(engine, point);
        const task = taskFor(AFTER, strategy);
        await swap(worldOf(engine, first.engine), task, wishFor(AFTER, strategy));

        const { spec, ...repair } = task;
        assert.ok(spec !== undefined);
        const outcome = await swap(worldOf(engine), repair, { kind: 'repair' });
        assert.equal(await servingVersion(engine), versionOf(outcome.places.current));
        await assertOneServes(engine, serves ? undefined : BEFORE, first.effects);
      }
    });

    test(`${strategy}, new version ${kind}: a crash in the re-run converges, too`, async () => {
      for (const point of CRASH_POINTS.slice(0, 8)) {
        for (const second of CRASH_POINTS.slice(0, 6)) {
          const engine = await serving(strategy, program);
          const task = taskFor(AFTER, strategy);
          const wish = wishFor(AFTER, strategy);
          await swap(worldOf(engine, mortal(engine, point).engine), task, wish);
          await swap(worldOf(engine, mortal(engine, second).engine), task, wish);
          await swap(worldOf(engine), task, wish);
          await assertOneServes(engine, serves ? AFTER : BEFORE, [`crashes ${point}, ${second}`]);
        }
      }
    });
  }

  test(`${strategy}: the engine restarted between any two steps`, async () => {
    for (const point of CRASH_POINTS) {
      const engine = await serving(strategy, programs.good);
      const task = taskFor(AFTER, strategy);
      const first = mortal(engine, point);
      await swap(worldOf(engine, first.engine), task, wishFor(AFTER, strategy));
      engine.goDown();
      engine.comeUp();
      const again = await swap(worldOf(engine), task, wishFor(AFTER, strategy));
      assert.equal(again.failure, undefined);
      await assertOneServes(engine, AFTER, first.effects);
    }
  });
}

test('a first install converges after a crash at every step, and leaves nothing of a bad version', async () => {
  for (const [, { program, serves }] of Object.entries(NEW_VERSIONS)) {
    for (const point of CRASH_POINTS) {
      const engine = await engineWith(program === undefined ? {} : { [AFTER]: program });
      const first = mortal(engine, point);
      const task = taskFor(AFTER, 'blue-green');
      await swap(worldOf(engine, first.engine), task, wishFor(AFTER, 'blue-green'));
      await swap(worldOf(engine), task, wishFor(AFTER, 'blue-green'));
      if (serves) await assertOneServes(engine, AFTER, first.effects);
      else assert.deepEqual(engine.states, {}, first.effects.join(', '));
    }
  }
});

test('no request meets a candidate that has not passed its gate, nor nobody', async () => {
  for (const { program } of Object.values(NEW_VERSIONS)) {
    const engine = await serving('blue-green', program);
    const world = worldOf(engine);
    const looks: (readonly string[])[] = [];
    const clock = {
      ...world.clock,
      sleep: async (ms: number, signal?: AbortSignal): Promise<void> => {
        looks.push(engine.behind(NETWORK, ALIAS));
        await world.clock.sleep(ms, signal);
      },
    };
    await swap({ ...world, clock }, taskFor(AFTER, 'blue-green'), wishFor(AFTER, 'blue-green'));
    assert.deepEqual(
      looks.filter((names) => names.length !== 1 || names[0] !== APP),
      [],
    );
  }
});

async function serving(
  strategy: Strategy,
  program: (typeof programs)['good'] | undefined,
): Promise<FakeContainerEngine> {
  const engine = await engineWith({
    [BEFORE]: programs.good,
    ...(program === undefined ? {} : { [AFTER]: program }),
  });
  const first = await swap(worldOf(engine), taskFor(BEFORE, strategy), wishFor(BEFORE, strategy));
  assert.equal(first.failure, undefined);
  return engine;
}

/** Right after a crash: whoever is found under the alias is a version that was found good. */
async function assertNotLost(
  engine: FakeContainerEngine,
  strategy: Strategy,
  effects: readonly string[],
): Promise<void> {
  if (strategy === 'stop-first') return;
  const found = engine.behind(NETWORK, ALIAS);
  assert.ok(found.length > 0, `nothing serves after ${effects.join(', ')}`);
  for (const name of found) {
    const container = await engine.inspect(name);
    const [address] = container?.addresses ?? [];
    assert.equal(engine.httpStatus(address?.ip ?? ''), 200, `${name}: ${effects.join(', ')}`);
  }
}

async function assertOneServes(
  engine: FakeContainerEngine,
  version: string | undefined,
  effects: readonly string[],
): Promise<void> {
  const context = effects.join(', ');
  assert.deepEqual(Object.keys(engine.states), [APP], context);
  assert.ok(['running', 'restarting'].includes(engine.states[APP] ?? ''), context);
  assert.deepEqual(engine.states[APP] === 'running' ? engine.behind(NETWORK, ALIAS) : [APP], [APP]);
  if (version !== undefined) assert.equal(await servingVersion(engine), version, context);
}

async function servingVersion(engine: FakeContainerEngine): Promise<string | undefined> {
  const { current } = await observe(engine, { name: APP, labels: LABELS });
  assert.ok(current !== undefined);
  assert.equal(current.labels['test.version'], versionOf(current));
  const image = await engine.inspectImage(imageNamed(versionOf(current) ?? ''));
  assert.equal(current.imageId, image?.id);
  return versionOf(current);
}
