import { AsyncLocalStorage } from 'node:async_hooks';
import * as common from '@temporalio/common';
import type { TemporalSdk } from '../../src/orchestrator/temporal/sdk.ts';

type WorkerState = 'INITIALIZED' | 'RUNNING' | 'STOPPED' | 'FAILED';
type Activity = (payload: unknown) => Promise<unknown>;

/** What an activity is told about itself. */
export interface FakeActivityInfo {
  readonly workflowId?: string;
  readonly attempt?: number;
}

/** What an activity is doing. */
export interface FakeActivityRun {
  readonly result: Promise<unknown>;
  readonly heartbeats: readonly unknown[];
  readonly cancel: (reason: string) => void;
}

/** A worker that runs what the test hands it. */
export class FakeWorker {
  state: WorkerState = 'INITIALIZED';
  readonly taskQueue: string;
  readonly activities: Readonly<Record<string, Activity>>;
  readonly connection: FakeConnection;
  readonly #over = Promise.withResolvers<void>();

  constructor(options: {
    readonly taskQueue: string;
    readonly activities: Readonly<Record<string, Activity>>;
    readonly connection: FakeConnection;
  }) {
    this.taskQueue = options.taskQueue;
    this.activities = options.activities;
    this.connection = options.connection;
  }

  async run(): Promise<void> {
    this.state = 'RUNNING';
    this.connection.holders += 1;
    return this.#over.promise;
  }

  shutdown(): void {
    this.state = 'STOPPED';
    this.connection.holders -= 1;
    this.#over.resolve();
  }

  getState(): WorkerState {
    return this.state;
  }

  /** As after a minute of refused polls: out of action, and `run()` never settles. */
  failForGood(): void {
    this.state = 'FAILED';
  }
}

export class FakeConnection {
  /** Every key it was given, the first included. */
  readonly apiKeys: string[];
  readonly namespaces: string[] = [];
  isClosed = false;
  holders = 0;
  readonly #sdk: FakeTemporalSdk;

  constructor(sdk: FakeTemporalSdk, apiKey: string | undefined) {
    this.#sdk = sdk;
    this.apiKeys = apiKey === undefined ? [] : [apiKey];
  }

  readonly workflowService = {
    describeNamespace: async ({ namespace }: { readonly namespace: string }): Promise<void> => {
      this.namespaces.push(namespace);
      this.#sdk.answer(this);
    },
  };

  async withDeadline<Result>(_deadline: number, work: () => Promise<Result>): Promise<Result> {
    return work();
  }

  async setApiKey(apiKey: string): Promise<void> {
    this.apiKeys.push(apiKey);
  }

  async close(): Promise<void> {
    if (this.holders > 0) throw new Error('Workers hold a reference to it');
    this.isClosed = true;
  }
}

/** The part of Temporal's packages that the orchestrator touches, without a server. */
export class FakeTemporalSdk {
  readonly connections: FakeConnection[] = [];
  readonly workers: FakeWorker[] = [];
  /** How many connections were asked for, also those that were refused. */
  attempts = 0;
  /** Decides every question to the server; throws for what it refuses. */
  answer: (connection: FakeConnection) => void = () => undefined;
  /** Decides every attempt to connect. */
  connect: () => Promise<void> | void = () => undefined;
  /** How often the native core was set up. */
  runtimes = 0;
  readonly #contexts = new AsyncLocalStorage<object>();
  readonly #runtime = {
    install: (): void => {
      this.runtimes += 1;
    },
  };

  /** As the orchestrator takes it. */
  get sdk(): TemporalSdk {
    const parts = {
      activity: { Context: { current: () => this.#contexts.getStore() } },
      common,
      worker: {
        DefaultLogger: Object,
        Runtime: this.#runtime,
        NativeConnection: {
          connect: async ({ apiKey }: { readonly apiKey?: string }) => {
            this.attempts += 1;
            if (this.runtimes === 0) throw new Error('the core has set itself up in its own way');
            await this.connect();
            const connection = new FakeConnection(this, apiKey);
            this.connections.push(connection);
            return connection;
          },
        },
        Worker: {
          create: async (options: ConstructorParameters<typeof FakeWorker>[0]) => {
            const worker = new FakeWorker(options);
            this.workers.push(worker);
            return worker;
          },
        },
      },
    };
    return parts as unknown as TemporalSdk;
  }

  /** The worker of the day. */
  get worker(): FakeWorker {
    const worker = this.workers.at(-1);
    if (worker === undefined) throw new Error('there is no worker');
    return worker;
  }

  /** Runs an activity as a worker does. */
  run(
    activity: Activity,
    payload: unknown,
    { workflowId = 'workflow-1', attempt = 1 }: FakeActivityInfo = {},
  ): FakeActivityRun {
    const heartbeats: unknown[] = [];
    const cancelling = new AbortController();
    const context = {
      info: { workflowExecution: { workflowId, runId: 'run-1' }, activityId: '1', attempt },
      cancellationSignal: cancelling.signal,
      heartbeat: (details: unknown) => heartbeats.push(details),
    };
    return {
      result: this.#contexts.run(context, async () => activity(payload)),
      heartbeats,
      cancel: (reason) => {
        cancelling.abort(new common.CancelledFailure(reason));
      },
    };
  }
}
