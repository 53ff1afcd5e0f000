import { silentLogger, type Logger } from '../../log.ts';
import { systemClock, type Clock } from '../../registry/http/clock.ts';
import type { Duty } from '../duty.ts';
import { pause } from '../temporal/pause.ts';
import { deliver, type CallbackTarget } from './deliver.ts';
import type { Outbox } from './outbox.ts';

export interface CallbackDutyOptions {
  readonly target: CallbackTarget;
  readonly outbox: Outbox;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 300_000;
/** An orchestrator that is giving its name away may leave an event behind, unnoticed by this process. */
const LOOK_EVERY_MS = 60_000;

/**
 * Delivers what is in the outbox, and goes on until it is stopped. Events of one app arrive in
 * order; one that the service chokes on holds up only its own app.
 */
export function createCallbackDuty(options: CallbackDutyOptions): Duty {
  const { target, outbox, clock = systemClock, logger = silentLogger } = options;
  let woken = new AbortController();
  let shift: { readonly end: AbortController; readonly over: Promise<void> } | undefined;
  outbox.onPut(() => woken.abort());

  async function work(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      woken = new AbortController();
      const { complete, retryAfterMs = 0 } = await pass(signal);
      failures = complete ? 0 : failures + 1;
      if (complete) await pause(LOOK_EVERY_MS, clock, AbortSignal.any([signal, woken.signal]));
      // A new event does not shorten this wait: what is down is not asked more often for it.
      else await pause(Math.max(backoffMs(failures, clock), retryAfterMs), clock, signal);
    }
  }

  async function pass(
    signal: AbortSignal,
  ): Promise<{ readonly complete: boolean; readonly retryAfterMs?: number | undefined }> {
    const stuck = new Set<string | undefined>();
    for (const entry of await outbox.entries()) {
      const { event } = entry;
      if (signal.aborted) break;
      if (stuck.has(event.app)) continue;
      const delivery = await deliver(event, target, { signal });
      if (delivery.verdict === 'delivered') {
        await outbox.remove(entry);
        logger.info('the control plane knows of a change', { event: event.id });
        continue;
      }
      const fields = { event: event.id, reason: delivery.error.message };
      if (delivery.verdict === 'refused') {
        await outbox.remove(entry);
        logger.error('the control plane will not take an event; it is dropped', fields);
        continue;
      }
      logger.warn('the control plane could not be told of a change; it is sent again', fields);
      if (delivery.verdict === 'unavailable') {
        const wait = Math.min(delivery.retryAfterMs ?? 0, LONGEST_PAUSE_MS);
        return { complete: false, retryAfterMs: wait };
      }
      stuck.add(event.app);
    }
    return { complete: stuck.size === 0 };
  }

  async function keepDelivering(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await work(signal);
      } catch (error) {
        if (signal.aborted) return;
        // A disk that cannot be read, perhaps only now: no reason to tell nothing ever after.
        logger.error('the outbox could not be worked off; next try in a minute', {
          reason: String(error),
        });
        await pause(LOOK_EVERY_MS, clock, signal);
      }
    }
  }

  return {
    async start(): Promise<void> {
      if (shift !== undefined) return;
      const end = new AbortController();
      shift = { end, over: keepDelivering(end.signal) };
    },
    async stop(): Promise<void> {
      const ending = shift;
      if (ending === undefined) return;
      ending.end.abort();
      await ending.over;
      if (shift === ending) shift = undefined;
    },
  };
}

function backoffMs(failures: number, clock: Clock): number {
  const ms = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
  return ms * (0.5 + clock.random() / 2);
}
