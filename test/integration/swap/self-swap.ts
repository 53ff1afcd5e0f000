import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SelfUpdateResult } from '../../../src/orchestrator/commands.ts';
import { Endings } from '../../support/servers/endings.ts';
import type { EngineServer } from '../../support/servers/engine-server.ts';
import { RealMachine } from './real-machine.ts';
import { RealOrchestrators, type Death } from './real-orchestrators.ts';

export interface SelfSwapCase {
  readonly version: string;
  /** When the first process dies, then the second, and so on. */
  readonly deaths: readonly Death[];
  /** Whether it is to replace the old one; `either`: as long as what is told and what runs agree. */
  readonly wins: boolean | 'either';
  /** How long the new one must be active before the old one goes; three seconds where absent. */
  readonly settleMs?: number;
}

/** The old one pulls, creates, starts, renames itself, renames the new one; that stops and removes. */
const GOOD: readonly (readonly number[])[] = [[], [1], [2], [3], [4], [5], [99, 1], [99, 2]];
/** Here the old one pulls, creates, starts, stops, removes. */
const BAD: readonly (readonly number[])[] = [[], [1], [2], [3], [4], [5]];

const CASES: readonly SelfSwapCase[] = [
  // Passes its gate, takes over, and ends soon after: the old one takes the name back. First, as they take longest.
  ...[[], [5]].map((deaths) => ({
    version: 'unstable',
    deaths,
    wins: false,
    settleMs: 30_000,
  })),
  ...GOOD.map((deaths) => ({ version: '2', deaths, wins: true })),
  ...['unhealthy', 'crash-looping', 'late-crashing'].flatMap((version) =>
    BAD.map((deaths) => ({ version, deaths, wins: false })),
  ),
  { version: 'missing', deaths: [], wins: false },
];

const PATIENCE_MS = 140_000;

/** Lets orchestrators on a real engine replace themselves, under crashes. */
export function selfSwap(
  name: string,
  skip: string | undefined,
  start: () => Promise<EngineServer>,
): void {
  describe(`self-updates on a real ${name}`, { skip: skip ?? false, concurrency: 12 }, () => {
    const endings = new Endings();
    let machine: RealMachine;
    before(async () => {
      machine = await RealMachine.start(start);
      endings.add(async () => machine.stop());
    });
    after(async () => endings.run());
    for (const [index, each] of CASES.entries()) {
      const { version, deaths } = each;
      test(`to ${version}, ${describeDeaths(deaths)}`, async () => {
        await assertConverges(machine, `orchestrator-${index}`, each);
      });
    }
  });
}

function describeDeaths(deaths: readonly Death[]): string {
  return deaths.length === 0
    ? 'without a crash'
    : `crashes after ${deaths.map((death) => JSON.stringify(death)).join(' and ')} changes`;
}

/** @throws AssertionError not one orchestrator is left, or not the one that was told of */
export async function assertConverges(
  machine: RealMachine,
  name: string,
  { version, deaths, wins, settleMs = 3000 }: SelfSwapCase,
): Promise<void> {
  const orchestrators = new RealOrchestrators(machine, name, deaths, settleMs);
  try {
    await orchestrators.boot('1');
    const result = await update(orchestrators, version);
    const context = `${JSON.stringify(result)} after ${orchestrators.effects.join(', ')}`;
    const isNew = wins === 'either' ? result.outcome === 'done' : wins;
    const image = machine.image(isNew ? version : '1');
    const digest = (await machine.engine.inspectImage(image))?.id;
    const rested = await orchestrators.runUntil(async () => {
      const [only, ...others] = await orchestrators.containers();
      const isAlone = others.length === 0 && only?.name === name && only.imageId === digest;
      return isAlone && orchestrators.active?.id === only.id;
    }, PATIENCE_MS);
    assert.ok(rested, context);
    assert.equal(result.outcome, isNew ? 'done' : 'failed', context);
    assert.equal(orchestrators.wereTwo, false, `two were active: ${context}`);
  } finally {
    await orchestrators.shutDown();
  }
}

/** Asks as the workflow does: whoever is active, until there is an answer. */
async function update(
  orchestrators: RealOrchestrators,
  version: string,
): Promise<SelfUpdateResult> {
  const request = { commandId: 'update', image: `atlanhq/orchestrator:${version}` };
  let result: SelfUpdateResult | undefined;
  let asked: unknown;
  const ask = async (active: NonNullable<RealOrchestrators['active']>): Promise<void> => {
    try {
      const answer = await orchestrators.call(active, async (commands) =>
        commands.selfUpdate(request),
      );
      if (!active.end.signal.aborted) result = answer;
    } catch {
      // It died, or was cancelled: the next one is asked.
    }
    if (asked === active) asked = undefined;
  };
  await orchestrators.runUntil(() => {
    const retryable = result?.outcome === 'failed' && result.failure.retryable;
    if (result !== undefined && result.outcome !== 'handing-over' && !retryable) return true;
    const { active } = orchestrators;
    if (active === undefined || active === asked) return false;
    asked = active;
    void ask(active);
    return false;
  }, PATIENCE_MS);
  assert.ok(result !== undefined, 'nobody answered');
  return result;
}
