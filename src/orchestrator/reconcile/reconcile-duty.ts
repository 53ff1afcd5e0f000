import { errorMessage } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Clock } from '../../registry/http/clock.ts';
import { ownedBy } from '../app-spec/labels.ts';
import type { Commands, ReconcileResult } from '../commands.ts';
import type { Duty } from '../duty.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import { pause } from '../temporal/pause.ts';

export interface ReconcileDutyOptions {
  readonly commands: Pick<Commands, 'reconcile'>;
  readonly engine: Pick<ContainerEngine, 'events'>;
  readonly deployment: string;
  readonly everySeconds: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The engine restarts what ends by itself; what is still down after that is for us. */
const AFTER_AN_END_MS = 5_000;
const AFTER_TROUBLE_MS = 5_000;
/** A container that ends on and on must not have everything looked at on and on. */
const SHORTEST_PAUSE_MS = 30_000;

/** Reconciles on start, every so often, and when a container of the deployment has ended. */
export function createReconcileDuty(options: ReconcileDutyOptions): Duty {
  let shift: { readonly end: AbortController; readonly over: Promise<unknown> } | undefined;
  return {
    async start(): Promise<void> {
      if (shift !== undefined) return;
      const end = new AbortController();
      const bell = new Bell();
      const over = Promise.all([
        listen(options, bell, end.signal),
        reconcileOnAndOn(options, bell, end.signal),
      ]);
      shift = { end, over };
    },
    async stop(): Promise<void> {
      const ending = shift;
      if (ending === undefined) return;
      ending.end.abort(new Error('the orchestrator goes off duty'));
      await ending.over;
      if (shift === ending) shift = undefined;
    },
  };
}

/** Wakes a sleeper, or whoever goes to sleep next. */
class Bell {
  #isRung = false;
  #sleeper: AbortController | undefined;

  ring(): void {
    this.#isRung = true;
    this.#sleeper?.abort();
  }

  /** Sleeps until time is up or the bell rings. @throws the signal's reason */
  async sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    const sleeper = new AbortController();
    this.#sleeper = sleeper;
    try {
      if (!this.#isRung) await clock.sleep(ms, AbortSignal.any([signal, sleeper.signal]));
    } catch (error) {
      if (!this.#isRung) throw error;
    } finally {
      this.#isRung = false;
    }
  }
}

async function reconcileOnAndOn(
  { commands, clock, everySeconds, logger }: ReconcileDutyOptions,
  bell: Bell,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      report(await commands.reconcile({}, { signal }), logger);
      await clock.sleep(SHORTEST_PAUSE_MS, signal);
      await bell.sleep(clock, everySeconds * 1000 - SHORTEST_PAUSE_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      logger.error(`reconciling failed: ${errorMessage(error)}`);
      await pause(AFTER_TROUBLE_MS, clock, signal);
    }
  }
}

/** Rings the bell a little after the end of a container of ours, or when an end may have been missed. */
async function listen(
  { engine, deployment, clock, logger }: ReconcileDutyOptions,
  bell: Bell,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const event of engine.events(ownedBy(deployment), { signal })) {
        if (event.kind !== 'ended' && event.kind !== 'gap') continue;
        await clock.sleep(AFTER_AN_END_MS, signal);
        bell.ring();
      }
    } catch (error) {
      if (signal.aborted) return;
      logger.warn(`the engine's events were lost: ${errorMessage(error)}`);
      await pause(AFTER_TROUBLE_MS, clock, signal);
    }
  }
}

function report({ actions, warnings }: ReconcileResult, logger: Logger): void {
  for (const warning of warnings) logger.warn(warning);
  for (const { app = 'the orchestrator', action, reason, outcome, failure } of actions) {
    if (outcome === 'failed') {
      logger.error(`${app}: ${action} failed: ${failure?.message ?? reason}`);
    } else if (action !== 'keep') logger.info(`${app}: ${action} (${reason}): ${outcome}`);
    else logger.debug(`${app}: ${reason}`);
  }
}
