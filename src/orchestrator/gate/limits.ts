import type { Container } from '../engine/container.ts';

/** What a new version must show before it serves. */
export interface GatePolicy {
  /** Asked where the image has no health check; `undefined`: not asked. */
  readonly probe: { readonly port: number; readonly path: string } | undefined;
  /** How long it must stay good. */
  readonly settleSeconds: number;
  /** How long it may take to become good and settle; `undefined`: by what it is judged by. */
  readonly timeoutSeconds: number | undefined;
}

/** The gate's times, in milliseconds. */
export interface GateLimits {
  readonly settleMs: number;
  readonly timeoutMs: number;
  readonly pollMs: number;
}

/** For an app that says itself when it is ready: heavy ones take minutes. */
const PROBE_TIMEOUT_MS = 300_000;
const SHORTEST_TIMEOUT_MS = 60_000;
const LONGEST_TIMEOUT_MS = 600_000;

/** How long to look, how often, and when to give up. */
export function gateLimits(
  container: Pick<Container, 'health' | 'healthCheck'>,
  policy: GatePolicy,
): GateLimits {
  const judged = container.health !== 'none' || policy.probe !== undefined;
  const settleMs = policy.settleSeconds * 1000 * (judged ? 1 : 2);
  return {
    settleMs,
    timeoutMs:
      policy.timeoutSeconds === undefined
        ? settleMs + timeout(container)
        : policy.timeoutSeconds * 1000,
    pollMs: Math.min(1000, Math.max(100, settleMs / 10)),
  };
}

function timeout({ health, healthCheck }: Pick<Container, 'health' | 'healthCheck'>): number {
  if (health === 'none' || healthCheck === undefined) return PROBE_TIMEOUT_MS;
  const { startPeriodMs, retries, intervalMs, timeoutMs } = healthCheck;
  const needed = startPeriodMs + retries * (intervalMs + timeoutMs) + 30_000;
  return Math.min(LONGEST_TIMEOUT_MS, Math.max(SHORTEST_TIMEOUT_MS, needed));
}
