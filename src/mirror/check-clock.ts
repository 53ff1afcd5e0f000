import { ConfigError } from '../errors.ts';
import { formatDuration } from '../measures.ts';
import type { ClockOffset } from '../registry/http/server-clocks.ts';

/** Signed requests and tokens hold for minutes: Azure and Amazon allow fifteen, others five or less. */
const TOLERATED_MS = 60_000;

/**
 * Compares this machine's clock with those of servers. One that agrees proves it right, whatever the
 * others say.
 *
 * @returns what was found; `undefined` where no server said what time it is
 * @throws ConfigError it is wrong
 */
export function checkClock(offsets: readonly ClockOffset[]): string | undefined {
  const [best] = offsets.toSorted((a, b) => Math.abs(a.aheadMs) - Math.abs(b.aheadMs));
  if (best === undefined) return undefined;
  const { host, aheadMs } = best;
  const by = Math.abs(aheadMs);
  if (by <= TOLERATED_MS) return `as that of ${host}`;
  throw new ConfigError(
    `This machine's clock is ${formatDuration(by)} ${aheadMs > 0 ? 'ahead of' : 'behind'} that of ${host}. Synchronise it (chrony, systemd-timesyncd): requests to stores and clouds are signed for a time, and refused when it is wrong.`,
  );
}
