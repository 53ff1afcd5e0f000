import { ConfigError, errorMessage } from '../../errors.ts';
import { checkAppName, isOrchestrator } from '../app-spec/names.ts';
import type {
  AppRequest,
  AppResult,
  CommandOptions,
  Commands,
  InstallRequest,
} from '../commands.ts';
import { chooseAnnounced, choosePrevious, chooseSame, installed } from './choose.ts';
import { deploy, type Deployment, type DeployOutcome } from './deploy.ts';
import { toFailure } from './failure.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import type { AppWorld } from './ports.ts';
import { versionOf } from './subject.ts';
import { uninstall } from './uninstall.ts';

/** The commands that change one app. */
export type AppCommands = Pick<
  Commands,
  'install' | 'upgrade' | 'uninstall' | 'restart' | 'rollback'
>;

/** @param mutex - shared by all who change apps: one at a time for each */
export function createAppCommands(world: AppWorld, mutex: KeyedMutex): AppCommands {
  const finished = new FinishedCommands();
  type Deploying = Exclude<AppResult['command'], 'uninstall'>;

  async function alone(
    command: AppResult['command'],
    { app, commandId }: AppRequest,
    options: CommandOptions,
    work: () => Promise<AppResult>,
  ): Promise<AppResult> {
    const problem = noApp(app, world.orchestratorName);
    if (problem !== undefined) {
      const failure = toFailure(problem, 'recover');
      return { commandId, command, app, warnings: [], outcome: 'failed', failure };
    }
    const result = await mutex.run(app, work, options);
    if (result.outcome === 'done') finished.add(commandId);
    return result;
  }

  async function run(
    command: Deploying,
    request: AppRequest,
    options: CommandOptions,
    how: Pick<Deployment, 'choose' | 'sameWillDo'>,
  ): Promise<AppResult> {
    return alone(command, request, options, async () => {
      const { app, commandId } = request;
      const wasDone = finished.has(commandId);
      const outcome = await deploy(world, mutex, { app, commandId, wasDone, ...how }, options);
      // An abort past the commit point is no failure: the command has done what it should.
      if (outcome.failure !== undefined) options.signal?.throwIfAborted();
      return toResult(command, request, outcome);
    });
  }

  return {
    install: async (request, options = {}) =>
      run('install', request, options, {
        sameWillDo: true,
        choose: async (serving, more) => chooseAnnounced(world, request, serving, more),
      }),
    upgrade: async (request: InstallRequest, options = {}) =>
      run('upgrade', request, options, {
        sameWillDo: true,
        choose: async (serving, more) =>
          chooseAnnounced(world, request, installed(request.app, serving), more),
      }),
    restart: async (request, options = {}) =>
      run('restart', request, options, {
        sameWillDo: false,
        choose: async (serving, more) => chooseSame(world, request.app, serving, more),
      }),
    rollback: async (request, options = {}) =>
      run('rollback', request, options, {
        sameWillDo: false,
        choose: async (serving, more) => choosePrevious(world, request.app, serving, more),
      }),
    uninstall: async (request, options = {}) =>
      alone('uninstall', request, options, async () =>
        uninstall(world, { ...request, wasDone: finished.has(request.commandId) }, options),
      ),
  };
}

/** Why a name cannot be that of an app. */
function noApp(app: string, orchestratorName: string): ConfigError | undefined {
  const shown = JSON.stringify(app.slice(0, 100));
  if (isOrchestrator(app, orchestratorName)) {
    return new ConfigError(`${shown} is an orchestrator and no app: use selfUpdate (self-update)`);
  }
  try {
    checkAppName(app);
    return undefined;
  } catch (error) {
    return new ConfigError(`${shown} ${errorMessage(error)}`, error);
  }
}

function toResult(
  command: AppResult['command'],
  { app, commandId }: AppRequest,
  { after, outcome, failure, warnings }: DeployOutcome,
): AppResult {
  const common = {
    commandId,
    command,
    app,
    ...(after === undefined ? {} : { serving: versionOf(after) }),
    ...(after?.previous === undefined ? {} : { previous: versionOf(after.previous) }),
    warnings,
  };
  if (failure === undefined) return { ...common, outcome };
  return { ...common, outcome: 'failed', failure: toFailure(failure.error, failure.step) };
}

/** The commands this process has seen succeed, the latest thousand. */
class FinishedCommands {
  readonly #ids = new Set<string>();

  has(commandId: string): boolean {
    return this.#ids.has(commandId);
  }

  add(commandId: string): void {
    this.#ids.add(commandId);
    const [oldest] = this.#ids;
    if (oldest !== undefined && this.#ids.size > 1000) this.#ids.delete(oldest);
  }
}
