import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  proxyActivities,
  sleep,
  type ActivityOptions,
} from '@temporalio/workflow';
import type {
  AppResult,
  ReconcileResult,
  ReconcileRequest,
  SelfUpdateResult,
  StatusRequest,
  StatusResult,
} from '../commands.ts';
import type { Activities } from './activity-types.ts';
import type { AppPayload, InstallPayload, SelfUpdatePayload } from './contract/requests.ts';

// Bundled ahead and run in Temporal's sandbox, where only determinism counts: no clock, no chance, no
// input or output but activities. A run begun by one version may be continued by the next, so a
// change of what is called in which order goes behind patched(); the recorded histories in
// test/fixtures/histories tell.

/** Eight attempts: ten minutes of patience with registries and stores that are down. */
const RETRY: NonNullable<ActivityOptions['retry']> = {
  initialInterval: '5 seconds',
  backoffCoefficient: 2,
  maximumInterval: '5 minutes',
  maximumAttempts: 8,
};

const change = proxyActivities<Activities>({
  // An app may take an hour to drain, and a large image long to pull.
  startToCloseTimeout: '3 hours',
  heartbeatTimeout: '30 seconds',
  // What is past its commit point is completed, and then it is no cancelled workflow.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: RETRY,
});

const look = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '30 seconds',
  retry: { ...RETRY, maximumAttempts: 3 },
});

export async function install(payload: InstallPayload): Promise<AppResult> {
  return outcome(async () => change.install(payload));
}

export async function upgrade(payload: InstallPayload): Promise<AppResult> {
  return outcome(async () => change.upgrade(payload));
}

export async function uninstall(payload: AppPayload): Promise<AppResult> {
  return outcome(async () => change.uninstall(payload));
}

export async function restart(payload: AppPayload): Promise<AppResult> {
  return outcome(async () => change.restart(payload));
}

export async function rollback(payload: AppPayload): Promise<AppResult> {
  return outcome(async () => change.rollback(payload));
}

export async function status(payload?: StatusRequest): Promise<StatusResult> {
  return outcome(async () => look.status(payload ?? {}));
}

export async function reconcile(payload?: ReconcileRequest): Promise<ReconcileResult> {
  return outcome(async () => change.reconcile(payload ?? {}));
}

/** Half an hour of questions, ten seconds apart. */
const QUESTIONS = 180;

/** The old orchestrator hands over, and the new one, or the old one that came back, says how it went. */
export async function selfUpdate(payload?: SelfUpdatePayload): Promise<SelfUpdateResult> {
  const asked = payload ?? {};
  const first = await outcome(async () => change.selfUpdate(asked));
  // From here on there is nothing to cancel: the new one takes over, or the old one comes back.
  return CancellationScope.nonCancellable(async () => {
    let result = first;
    for (let question = 0; result.outcome === 'handing-over'; question += 1) {
      if (question === QUESTIONS) {
        throw ApplicationFailure.nonRetryable(
          'the orchestrator has not finished handing over; see the logs of its containers',
          'SELF_UPDATE_UNFINISHED',
          result,
        );
      }
      await sleep('10 seconds');
      result = await outcome(async () => change.selfUpdate(asked));
    }
    return result;
  });
}

/** A workflow fails with what made its activity fail, without the wrapping. */
async function outcome<Result>(activity: () => Promise<Result>): Promise<Result> {
  try {
    return await activity();
  } catch (error) {
    if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure) {
      const { message, type, details } = error.cause;
      throw ApplicationFailure.nonRetryable(message, type, ...(details ?? []));
    }
    throw error;
  }
}
