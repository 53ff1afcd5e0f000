import type {
  AppRequest,
  AppResult,
  CommandOptions,
  Commands,
  Failure,
  InstallRequest,
  ReconcileRequest,
  ReconcileResult,
  SelfUpdateRequest,
  SelfUpdateResult,
  StatusRequest,
  StatusResult,
  Version,
} from '../../src/orchestrator/commands.ts';

type AppCommand = AppResult['command'];

/** What a fake command does before it succeeds; what it gives makes the command fail. */
export type Behaviour = (
  request: AppRequest,
  options: CommandOptions,
) => Promise<Failure | undefined> | Failure | undefined;

/** Commands that keep their promises and touch nothing: idempotent by id, one at a time for an app. */
export class FakeCommands implements Commands {
  /** Every call, in order: `install teradata command-1`. */
  readonly calls: string[] = [];
  /** Every change that was made; a repetition makes none. */
  readonly changes: string[] = [];
  /** What the next calls do; nothing, by default. */
  behaviour: Behaviour = () => undefined;
  /** How often `selfUpdate` says `handing-over` before it is done. */
  handovers = 1;
  readonly deployment: string;
  readonly #serving = new Map<string, Version>();
  readonly #done = new Set<string>();
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(deployment: string = 'prod') {
    this.deployment = deployment;
  }

  async install(request: InstallRequest, options: CommandOptions = {}): Promise<AppResult> {
    return this.#change('install', request, options, fakeVersion(request));
  }

  async upgrade(request: InstallRequest, options: CommandOptions = {}): Promise<AppResult> {
    return this.#change('upgrade', request, options, fakeVersion(request));
  }

  async uninstall(request: AppRequest, options: CommandOptions = {}): Promise<AppResult> {
    return this.#change('uninstall', request, options, undefined);
  }

  async restart(request: AppRequest, options: CommandOptions = {}): Promise<AppResult> {
    return this.#change('restart', request, options, this.#serving.get(request.app));
  }

  async rollback(request: AppRequest, options: CommandOptions = {}): Promise<AppResult> {
    return this.#change(
      'rollback',
      request,
      options,
      fakeVersion({ ...request, version: '0.9.0' }),
    );
  }

  async status(request: StatusRequest = {}): Promise<StatusResult> {
    this.calls.push('status');
    const apps = [...this.#serving]
      .filter(([app]) => request.app === undefined || request.app === app)
      .map(([app, previous]) => ({ app, previous, others: [] }));
    return { deployment: this.deployment, apps };
  }

  async reconcile({ dryRun = false }: ReconcileRequest = {}): Promise<ReconcileResult> {
    this.calls.push('reconcile');
    return { dryRun, actions: [], warnings: [] };
  }

  async selfUpdate(request: SelfUpdateRequest): Promise<SelfUpdateResult> {
    this.calls.push(`selfUpdate ${request.commandId}`);
    const { commandId } = request;
    if (this.handovers > 0) {
      this.handovers -= 1;
      return { commandId, outcome: 'handing-over' };
    }
    const serving = fakeVersion({ ...request, app: 'orchestrator' });
    return { commandId, outcome: 'done', serving };
  }

  async #change(
    command: AppCommand,
    request: AppRequest,
    options: CommandOptions,
    wanted: Version | undefined,
  ): Promise<AppResult> {
    const { app, commandId } = request;
    this.calls.push(`${command} ${app} ${commandId}`);
    const turn = (async () => {
      await this.#queues.get(app);
      return this.#inTurn(command, request, options, wanted);
    })();
    this.#queues.set(
      app,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async #inTurn(
    command: AppCommand,
    request: AppRequest,
    options: CommandOptions,
    wanted: Version | undefined,
  ): Promise<AppResult> {
    options.signal?.throwIfAborted();
    const { app, commandId } = request;
    const previous = this.#serving.get(app);
    const about = { commandId, command, app, warnings: [] };
    if (!this.#done.has(commandId)) {
      const failure = await this.behaviour(request, options);
      if (failure !== undefined) {
        const serving = previous === undefined ? {} : { serving: previous };
        return { ...about, ...serving, outcome: 'failed', failure };
      }
      this.#done.add(commandId);
      this.changes.push(`${command} ${app} ${commandId}`);
      if (wanted === undefined) this.#serving.delete(app);
      else this.#serving.set(app, wanted);
    }
    const serving = this.#serving.get(app);
    return {
      ...about,
      ...(serving === undefined ? {} : { serving }),
      ...(previous === undefined ? {} : { previous }),
      outcome: 'done',
    };
  }
}

/** The version that a request asks a fake for. */
export function fakeVersion({
  app,
  version = '1.0.0',
}: {
  readonly app: string;
  readonly version?: string;
}): Version {
  const digest = `sha256:${'a'.repeat(64)}`;
  return {
    version,
    source: `atlanhq/atlan-${app}-app:${version}`,
    image: `registry.mycompany.com/atlan/${app}@${digest}`,
    digest,
  };
}

/** A failure as commands report it. */
export function fakeFailure(own: Partial<Failure> = {}): Failure {
  return {
    code: 'CONTAINER_UNHEALTHY',
    message: 'teradata.green was not healthy within 120 s',
    retryable: false,
    step: 'gate',
    logs: ['starting', 'no route to host'],
    ...own,
  };
}

/** Waits until the signal ends it, as a command does that notices a cancellation. */
export async function untilAborted({ signal }: CommandOptions): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
