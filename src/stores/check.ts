import { randomUUID } from 'node:crypto';
import { errorMessage, MapStoreError, type MapStoreErrorCode } from '../errors.ts';
import { parseImageMap } from '../image-map/image-map.ts';
import type { Options } from '../options.ts';
import type { ProvableMapStore, Revision, ScratchMapStore } from './map-store.ts';

/** One thing a map store must be able to do, and whether it can. */
export interface StoreCheckStep {
  readonly name:
    | 'read the map'
    | 'create an object'
    | 'read it back'
    | 'replace it'
    | 'refuse to create it again'
    | 'refuse to replace an older revision'
    | 'let one of several writers win'
    | 'remove it';
  /** `skipped`: an earlier step failed. */
  readonly outcome: 'ok' | 'failed' | 'skipped';
  /** What was found, or why it failed and what to do. */
  readonly detail?: string;
  readonly error?: unknown;
}

export interface StoreCheckOptions extends Options {
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number;
}

const WRITERS = 6;
const SUFFIX = '.check';
/** No check takes so long, and few clocks are so far apart: whoever wrote it has died. */
const ABANDONED_MS = 60 * 60_000;
const OTHER_WAYS =
  'Use another store, or for one like S3 the ways that map.s3.concurrency names (docs/stores.md).';

/**
 * Proves reading, writing and compare and swap on an object of its own beside the map, and removes
 * it again, as well as what a check that was killed left there. The map itself is only read. Resolves
 * with every step, failed or not; rejects only when it is aborted.
 */
export async function checkMapStore(
  store: ProvableMapStore,
  options: StoreCheckOptions = {},
): Promise<readonly StoreCheckStep[]> {
  const steps: StoreCheckStep[] = [];
  let isGoing = true;
  const step: Step = async (name, action) => {
    options.signal?.throwIfAborted();
    if (!isGoing) {
      steps.push({ name, outcome: 'skipped' });
      return;
    }
    try {
      const detail = await action();
      steps.push({ name, outcome: 'ok', ...(detail !== undefined && { detail }) });
    } catch (error) {
      options.signal?.throwIfAborted();
      isGoing = false;
      steps.push({ name, outcome: 'failed', detail: errorMessage(error), error });
    }
  };

  await step('read the map', async () => readMap(store, options));
  // A map that is not valid says nothing of the store it is in.
  isGoing ||= isMapStoreError(steps[0]?.error, 'MAP_INVALID');
  const startedAt = (options.now ?? Date.now)();
  const text = (content: string): string => written(content, startedAt);
  let scratch = store.scratch(SUFFIX);
  try {
    let first: Revision | undefined;
    await step('create an object', async () => {
      ({ scratch, revision: first } = await create(store, startedAt, options));
      return scratch.location;
    });
    await tryOut(scratch, step, { first, text }, options);
  } finally {
    // Also when it is stopped: what was written must not stay.
    steps.push(await remove(scratch, steps));
  }
  return steps;
}

/**
 * Creates the object to try the store with. It always has the same name, so that what a check has left that
 * was killed is found by the next one, and without the right to list objects. Only while another check is
 * at work there, or where what one has left cannot be removed, it has a name of its own.
 */
async function create(
  store: ProvableMapStore,
  now: number,
  options: Options,
): Promise<{ readonly scratch: ScratchMapStore; readonly revision: Revision }> {
  const scratch = store.scratch(SUFFIX);
  const text = written('1', now);
  if (await isFree(scratch, now, options)) {
    try {
      return { scratch, revision: await scratch.write(text, undefined, options) };
    } catch (error) {
      // Another check was faster.
      if (!isMapStoreError(error, 'MAP_CONFLICT')) throw error;
    }
  }
  const own = store.scratch(`${SUFFIX}-${randomUUID()}`);
  return { scratch: own, revision: await own.write(text, undefined, options) };
}

async function isFree(scratch: ScratchMapStore, now: number, options: Options): Promise<boolean> {
  try {
    const left = await scratch.read(options);
    if (left === undefined) return true;
    if (!(now - writtenAt(left.text) > ABANDONED_MS)) return false;
    // Whoever replaces it removes it: of two who find it, the second would remove the first one's own.
    await scratch.write(written('0', now), left.revision, options);
    await scratch.remove(options);
    return true;
  } catch {
    // The steps tell what fails, and why; here it only means another name.
    options.signal?.throwIfAborted();
    return false;
  }
}

function written(content: string, at: number): string {
  return `# ${content} ${new Date(at).toISOString()}\n`;
}

/** When a check wrote this; `NaN` for what none did. */
function writtenAt(text: string): number {
  return Date.parse(/ (\S+)\n$/.exec(text)?.[1] ?? '');
}

async function remove(
  scratch: ScratchMapStore,
  steps: readonly StoreCheckStep[],
): Promise<StoreCheckStep> {
  const name = 'remove it';
  if (steps.every((step) => step.name !== 'create an object' || step.outcome !== 'ok')) {
    return { name, outcome: 'skipped' };
  }
  try {
    await scratch.remove();
    return { name, outcome: 'ok' };
  } catch (error) {
    return { name, outcome: 'failed', detail: errorMessage(error), error };
  }
}

type Step = (
  name: StoreCheckStep['name'],
  action: () => Promise<string | undefined>,
) => Promise<void>;

async function tryOut(
  scratch: ScratchMapStore,
  step: Step,
  {
    first,
    text,
  }: { readonly first: Revision | undefined; readonly text: (content: string) => string },
  options: Options,
): Promise<void> {
  let second: Revision | undefined;
  await step('read it back', async () => expectText(scratch, text('1'), options));
  await step('replace it', async () => {
    second = await scratch.write(text('2'), first, options);
    return expectText(scratch, text('2'), options);
  });
  await step('refuse to create it again', async () =>
    expectConflict(scratch, text('3'), undefined, options),
  );
  await step('refuse to replace an older revision', async () =>
    expectConflict(scratch, text('3'), first, options),
  );
  await step('let one of several writers win', async () =>
    expectOneWinner(scratch, second, text, options),
  );
}

async function readMap(store: ProvableMapStore, options: Options): Promise<string> {
  const stored = await store.read(options);
  if (stored === undefined) return 'there is no map yet';
  const { entries } = parseImageMap(stored.text, store.location);
  const by = stored.writer === undefined ? '' : `, last written by ${stored.writer}`;
  return `${entries.length} entries${by}`;
}

async function expectText(
  store: ScratchMapStore,
  expected: string,
  options: Options,
): Promise<undefined> {
  const found = (await store.read(options))?.text;
  if (found !== expected) {
    throw unsafe(
      `${store.location}: read ${JSON.stringify(found)} where ${JSON.stringify(expected)} was written: something on the way serves old answers. Reach the store without it: a cache, a replica, a proxy.`,
    );
  }
}

async function expectConflict(
  store: ScratchMapStore,
  text: string,
  expected: Revision | undefined,
  options: Options,
): Promise<undefined> {
  try {
    await store.write(text, expected, options);
  } catch (error) {
    if (isMapStoreError(error, 'MAP_CONFLICT')) return;
    throw error;
  }
  throw unsafe(
    `${store.location}: the store wrote although the object had changed: an edit made at the same moment would be lost. ${OTHER_WAYS}`,
  );
}

/** Some stores compare, then write, without a lock: only a race shows it. */
async function expectOneWinner(
  store: ScratchMapStore,
  expected: Revision | undefined,
  text: (content: string) => string,
  options: Options,
): Promise<string> {
  const results = await Promise.allSettled(
    Array.from({ length: WRITERS }, (_, i) => store.write(text(`writer ${i}`), expected, options)),
  );
  const winners = results.filter(({ status }) => status === 'fulfilled').length;
  const failure = results.find(
    (result): result is PromiseRejectedResult =>
      result.status === 'rejected' && !isMapStoreError(result.reason, 'MAP_CONFLICT'),
  );
  if (winners > 1) {
    throw unsafe(
      `${store.location}: ${winners} of ${WRITERS} writers replaced the same revision: edits made at the same moment are lost. ${OTHER_WAYS}`,
    );
  }
  // Some stores answer racing writers with an error that passes: no verdict on those who won.
  if (winners === 0 && failure !== undefined) throw failure.reason as Error;
  return `${WRITERS} at once, ${winners} won`;
}

/** The store does not do what the map needs of it; trying again helps nobody. */
function unsafe(message: string): MapStoreError {
  return new MapStoreError('MAP_UNAVAILABLE', message, undefined, false);
}

function isMapStoreError(error: unknown, code: MapStoreErrorCode): boolean {
  return error instanceof MapStoreError && error.code === code;
}
