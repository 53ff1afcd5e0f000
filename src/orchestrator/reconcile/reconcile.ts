import { errorMessage } from '../../errors.ts';
import type { Release } from '../../releases/release-source.ts';
import type {
  AppResult,
  CommandOptions,
  Failure,
  InstallRequest,
  ReconcileAction,
  ReconcileActionResult,
  ReconcileRequest,
  ReconcileResult,
  SelfUpdateRequest,
  SelfUpdateResult,
} from '../commands.ts';
import { settle } from '../lifecycle/deploy.ts';
import { stepOf, toFailure } from '../lifecycle/failure.ts';
import type { KeyedMutex } from '../lifecycle/keyed-mutex.ts';
import type { AppWorld } from '../lifecycle/ports.ts';
import { installedApps } from '../lifecycle/status.ts';
import { appSubject, labelsOf } from '../lifecycle/subject.ts';
import { observe } from '../swap/places.ts';
import type { Attempts } from './attempts.ts';
import { planRepair, planUpgrade, type Upgradable } from './plan.ts';

/** What reconciling works with. */
export interface ReconcileWorld extends AppWorld {
  readonly mutex: KeyedMutex;
  readonly attempts: Attempts;
  /** The orchestrator itself; `undefined` where it cannot replace itself. */
  readonly own: (
    options: CommandOptions,
  ) => Promise<Omit<Upgradable, 'app' | 'release'> | undefined>;
  readonly upgrade: (request: InstallRequest, options: CommandOptions) => Promise<AppResult>;
  readonly selfUpdate: (
    request: SelfUpdateRequest,
    options: CommandOptions,
  ) => Promise<SelfUpdateResult>;
}

/** First everything is mended, then what may is upgraded, the orchestrator last. */
export async function reconcile(
  world: ReconcileWorld,
  { dryRun = false }: ReconcileRequest,
  options: CommandOptions,
): Promise<ReconcileResult> {
  const actions: ReconcileActionResult[] = [];
  const warnings: string[] = [];
  let apps: readonly string[] = [];
  try {
    apps = await installedApps(world, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    return { dryRun, actions, warnings: [`nothing could be looked at: ${errorMessage(error)}`] };
  }
  for (const app of apps) {
    const mended = await world.mutex.run(
      app,
      async () => mend(world, app, dryRun, options),
      options,
    );
    if (mended !== undefined) actions.push(mended);
  }
  const releases = await askReleases(world, warnings, options);
  for (const app of apps) actions.push(await follow(world, app, releases, dryRun, options));
  const own = await followSelf(world, releases, dryRun, options);
  if (own !== undefined) actions.push(own);
  return { dryRun, actions, warnings };
}

/** Repairs a swap that was cut short, and starts what should run. */
async function mend(
  world: ReconcileWorld,
  app: string,
  dryRun: boolean,
  options: CommandOptions,
): Promise<ReconcileActionResult | undefined> {
  return attempt(
    { app, action: 'repair', reason: 'it could not be looked at' },
    options,
    async (): Promise<ReconcileActionResult | undefined> => {
      const places = await observe(world.engine, appSubject(world.deployment, app), options);
      const action = planRepair(app, places);
      if (action === undefined) return undefined;
      if (dryRun) return { ...action, outcome: 'planned' };
      const { failure, places: after } = await settle(world, app, options);
      options.signal?.throwIfAborted();
      // A candidate that was found bad and given up is a swap that was mended.
      if (failure === undefined || planRepair(app, after) === undefined)
        return { ...action, outcome: 'done' };
      return failed(action, toFailure(failure.error, stepOf(failure.at)));
    },
  );
}

/** Upgrades an app to the latest release, where it may. */
async function follow(
  world: ReconcileWorld,
  app: string,
  releases: readonly Release[],
  dryRun: boolean,
  options: CommandOptions,
): Promise<ReconcileActionResult> {
  const planned: ReconcileAction = { app, action: 'keep', reason: 'it could not be looked at' };
  return attempt(planned, options, async () => {
    const places = await observe(world.engine, appSubject(world.deployment, app), options);
    const labels = labelsOf(places.current);
    const autoUpdate = world.apps.autoUpdate(app);
    const release = releases.find(({ appName }) => appName === app);
    const action = planUpgrade({ app, labels, autoUpdate, release });
    return upgradeBy(world, action, release, dryRun, async (wish) =>
      world.upgrade(
        { app, commandId: commandIdFor(world, app, labels?.generation, wish), ...wish },
        options,
      ),
    );
  });
}

async function followSelf(
  world: ReconcileWorld,
  releases: readonly Release[],
  dryRun: boolean,
  options: CommandOptions,
): Promise<ReconcileActionResult | undefined> {
  const planned: ReconcileAction = { action: 'keep', reason: 'it could not be looked at' };
  return attempt(planned, options, async () => {
    const own = await world.own(options);
    if (own === undefined) return undefined;
    const name = world.orchestratorName;
    const release = releases.find(({ appName }) => appName === name);
    return upgradeBy(world, planUpgrade({ ...own, release }), release, dryRun, async (wish) =>
      world.selfUpdate(
        { commandId: commandIdFor(world, name, own.labels?.generation, wish), ...wish },
        options,
      ),
    );
  });
}

interface UpgradeWish {
  readonly image: string;
  readonly version?: string;
}

async function upgradeBy(
  { attempts }: ReconcileWorld,
  action: ReconcileAction,
  release: Release | undefined,
  dryRun: boolean,
  upgrade: (wish: UpgradeWish) => Promise<AppResult | SelfUpdateResult>,
): Promise<ReconcileActionResult> {
  if (action.action !== 'upgrade' || release === undefined)
    return { ...action, outcome: 'unchanged' };
  const until = attempts.pausedUntil(release.image);
  if (until !== undefined) {
    const reason = `${release.image} failed; it is tried again after ${new Date(until).toISOString()}`;
    return { ...action, action: 'keep', reason, outcome: 'unchanged' };
  }
  if (dryRun) return { ...action, outcome: 'planned' };
  const { image, version } = release;
  const result = await upgrade({ image, ...(version === undefined ? {} : { version }) });
  if (result.outcome === 'failed') {
    if (!result.failure.retryable) attempts.failed(image);
    return failed(action, result.failure);
  }
  return { ...action, outcome: result.outcome === 'unchanged' ? 'unchanged' : 'done' };
}

/** The same for every attempt to get from what runs to that release, until one has failed for good. */
function commandIdFor(
  { attempts }: ReconcileWorld,
  app: string,
  generation: number = 0,
  { image }: UpgradeWish,
): string {
  const tag = image.slice(image.lastIndexOf(':') + 1);
  const attempt = attempts.failures(image) + 1;
  return `reconcile:${app}:${generation}:${attempt}:${tag}`.slice(0, 128);
}

async function askReleases(
  { releases }: ReconcileWorld,
  warnings: string[],
  options: CommandOptions,
): Promise<readonly Release[]> {
  try {
    const list = await releases.latest(options);
    warnings.push(...list.skipped);
    return list.releases;
  } catch (error) {
    options.signal?.throwIfAborted();
    warnings.push(`the releases could not be asked for: ${errorMessage(error)}`);
    return [];
  }
}

/** One app in trouble does not keep the others waiting. */
async function attempt<Result extends ReconcileActionResult | undefined>(
  planned: ReconcileAction,
  options: CommandOptions,
  work: () => Promise<Result>,
): Promise<Result | ReconcileActionResult> {
  try {
    return await work();
  } catch (error) {
    options.signal?.throwIfAborted();
    return failed(planned, toFailure(error, 'recover'));
  }
}

function failed(action: ReconcileAction, failure: Failure): ReconcileActionResult {
  return { ...action, outcome: 'failed', failure };
}
