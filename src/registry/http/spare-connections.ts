import type { Agent, ClientRequestArgs } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

type Connect = Agent['createConnection'];
type Created = Parameters<Connect>[1];

/** As many as may have requests on them at once. */
const MOST = 64;

/**
 * Opens connections ahead of the requests that they are for. While the first request to a host learns what
 * the host wants to see, all others wait: for its answer, and then each for a connection of its own, which
 * takes another round trip, or three over TLS. This opens them while they wait.
 */
export class SpareConnections {
  readonly #connect: Connect;
  readonly #spare: Socket[] = [];
  /** How the first connection was opened; the others are opened likewise. */
  #options: ClientRequestArgs | undefined;
  /** Connections to open as soon as it is known how. */
  #wanted = 0;

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  /** Says that one more connection will be needed soon. */
  want(): void {
    this.#wanted += 1;
    this.#open();
  }

  /** What an agent calls for a connection. */
  connect(options: ClientRequestArgs, callback: Created): Duplex | null | undefined {
    this.#options ??= { ...options };
    for (let spare = this.#spare.pop(); spare !== undefined; spare = this.#spare.pop()) {
      if (!spare.destroyed && spare.writable) return spare.ref();
    }
    const connection = this.#connect(options, callback);
    this.#open();
    return connection;
  }

  /** Closes what nobody has taken. */
  destroy(): void {
    for (const spare of this.#spare) spare.destroy();
  }

  #open(): void {
    if (this.#options === undefined) return;
    for (; this.#wanted > 0; this.#wanted -= 1) {
      if (this.#spare.length >= MOST) continue;
      const spare = this.#connect({ ...this.#options }, ignore);
      if (!(spare instanceof Socket)) continue;
      // Its failure concerns nobody: whoever would have taken it opens another one, and is told.
      spare.on('error', ignore);
      this.#spare.push(spare.unref());
    }
  }
}

function ignore(): void {
  // Nothing to do.
}
