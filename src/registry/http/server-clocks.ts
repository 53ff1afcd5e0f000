import type { IncomingHttpHeaders } from 'node:http';

/** How far this machine's clock is from a server's. */
export interface ClockOffset {
  readonly host: string;
  /** Milliseconds that this machine is ahead; negative where it is behind. Good to a second or two. */
  readonly aheadMs: number;
}

/** Remembers what time the servers of a run say it is. */
export class ServerClocks {
  /** By host, the offset of the answer that came closest: others were longer on their way. */
  readonly #offsets = new Map<string, number>();

  /** @param now - when the answer came, in milliseconds since the epoch */
  note(host: string, { date, age }: IncomingHttpHeaders, now: number): void {
    // A cache repeats the date of the answer that it keeps.
    if (date === undefined || age !== undefined) return;
    const aheadMs = now - Date.parse(date);
    const known = this.#offsets.get(host);
    if (Number.isNaN(aheadMs)) return;
    if (known === undefined || Math.abs(aheadMs) < Math.abs(known)) {
      this.#offsets.set(host, aheadMs);
    }
  }

  offsets(): readonly ClockOffset[] {
    return [...this.#offsets].map(([host, aheadMs]) => ({ host, aheadMs }));
  }
}
