import { createHash } from 'node:crypto';
import type { Context } from '@temporalio/activity';
import * as v from 'valibot';
import { silentLogger, type Logger } from '../../log.ts';
import { systemClock, type Clock } from '../../registry/http/clock.ts';
import type { CommandOptions, Commands, Failure, Progress } from '../commands.ts';
import type { Activities } from './activity-types.ts';
import {
  appPayload,
  COMMAND_ID,
  installPayload,
  reconcilePayload,
  selfUpdatePayload,
  statusPayload,
} from './contract/requests.ts';
import type { TemporalSdk } from './sdk.ts';

export interface ActivityDependencies {
  readonly commands: Commands;
  readonly sdk: Pick<TemporalSdk, 'activity' | 'common'>;
  /** Ends what is still running when the duty ends, whatever has become of its worker. */
  readonly stop: AbortSignal;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** The activities, and a way to wait for them. */
export interface RunningActivities {
  readonly activities: Activities;
  /** Resolves once no activity runs. */
  idle(): Promise<void>;
}

/** How late a cancellation is noticed. A tenth of the timeout in workflows.ts: lost beats do no harm. */
export const PULSE_MS = 3_000;

/**
 * Commands as activities: the payload checked, the progress as heartbeat, the cancellation as
 * signal, the failure as one that Temporal retries or not. Everything else is the commands'.
 */
export function createActivities(dependencies: ActivityDependencies): RunningActivities {
  const { commands, sdk } = dependencies;
  const running = new Set<Promise<unknown>>();

  async function track<Result>(work: Promise<Result>): Promise<Result> {
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
    }
  }

  function command<Payload, Request, Result extends object>(
    name: string,
    schema: v.GenericSchema<unknown, Payload>,
    complete: (payload: Payload, context: Context) => Request,
    act: (request: Request, options: CommandOptions) => Promise<Result>,
  ): (payload: unknown) => Promise<Result> {
    return async (payload) => {
      const context = sdk.activity.Context.current();
      const request = complete(parse(name, schema, payload, sdk), context);
      return track(run(name, context, async (options) => act(request, options), dependencies));
    };
  }

  return {
    activities: {
      install: command('install', installPayload, withId, async (r, o) => commands.install(r, o)),
      upgrade: command('upgrade', installPayload, withId, async (r, o) => commands.upgrade(r, o)),
      uninstall: command('uninstall', appPayload, withId, async (r, o) => commands.uninstall(r, o)),
      restart: command('restart', appPayload, withId, async (r, o) => commands.restart(r, o)),
      rollback: command('rollback', appPayload, withId, async (r, o) => commands.rollback(r, o)),
      status: command('status', statusPayload, asItIs, async (r, o) => commands.status(r, o)),
      reconcile: command('reconcile', reconcilePayload, asItIs, async (r, o) =>
        commands.reconcile(r, o),
      ),
      selfUpdate: command('selfUpdate', selfUpdatePayload, withId, async (r, o) =>
        commands.selfUpdate(r, o),
      ),
    },
    async idle(): Promise<void> {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

function withId<Payload extends { readonly commandId?: string }>(
  payload: Payload,
  context: Context,
): Payload & { readonly commandId: string } {
  return { ...payload, commandId: payload.commandId ?? idOf(context) };
}

function asItIs<Payload>(payload: Payload): Payload {
  return payload;
}

async function run<Result extends object>(
  name: string,
  context: Context,
  act: (options: CommandOptions) => Promise<Result>,
  { sdk, stop, clock = systemClock, logger = silentLogger }: ActivityDependencies,
): Promise<Result> {
  const { workflowId } = context.info.workflowExecution ?? {};
  logger.info(`${name} begins`, { workflow: workflowId, attempt: context.info.attempt });
  const signal = AbortSignal.any([context.cancellationSignal, stop]);
  let last: Progress | undefined;
  const onProgress = (progress: Progress): void => {
    last = progress;
    context.heartbeat(progress);
  };
  const beating = pulse(clock, () => {
    context.heartbeat(last);
  });
  try {
    const result = await act({ signal, onProgress });
    const failure = failureOf(result);
    if (failure === undefined) return result;
    logger.warn(`${name} failed`, { workflow: workflowId, code: failure.code, step: failure.step });
    throw sdk.common.ApplicationFailure.create({
      type: failure.code,
      message: failure.message,
      nonRetryable: !failure.retryable,
      details: [result],
    });
  } finally {
    await beating.stop();
  }
}

/** Beats although nothing progresses: it tells that we live, and brings back a cancellation. */
function pulse(clock: Clock, beat: () => void): { stop(): Promise<void> } {
  const end = new AbortController();
  const beating = (async () => {
    for (;;) {
      beat();
      await clock.sleep(PULSE_MS, end.signal);
    }
  })();
  return {
    async stop() {
      end.abort();
      // Rejects with the signal's reason, and with nothing else.
      await beating.catch(() => undefined);
    },
  };
}

function parse<Payload>(
  name: string,
  schema: v.GenericSchema<unknown, Payload>,
  payload: unknown,
  { common }: Pick<TemporalSdk, 'common'>,
): Payload {
  const parsed = v.safeParse(schema, payload ?? {});
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => {
    const path = v.getDotPath(issue);
    return path === null ? issue.message : `${path}: ${issue.message}`;
  });
  throw common.ApplicationFailure.nonRetryable(
    `the payload of ${name} is not usable: ${problems.join('; ')}`,
    'PAYLOAD_INVALID',
  );
}

function failureOf(result: object): Failure | undefined {
  const { outcome, failure } = result as { outcome?: unknown; failure?: Failure };
  return outcome === 'failed' ? failure : undefined;
}

/** The same for every attempt. A workflow id may be longer than a label, and hold anything. */
function idOf({ info }: Context): string {
  const id = info.workflowExecution?.workflowId ?? info.activityId;
  return COMMAND_ID.test(id) ? id : `sha256:${createHash('sha256').update(id).digest('hex')}`;
}
