import type { ClientRequest, IncomingMessage } from 'node:http';

/** A peer said nothing for too long. */
export class StalledError extends Error {
  override readonly name = 'StalledError';
}

/** So many silences long may an answer take that comes drop by drop, never quite silent. */
export const DRIPS = 5;

/**
 * Ends a request whose peer falls silent: while connecting, while it should answer, or in the
 * middle of its answer. Silence is the peer's fault only while it is the peer's turn: a reader
 * that pauses, or a slow producer of the request's body, is our own doing.
 */
export function watchForStall(
  outgoing: ClientRequest,
  limits: { readonly stallMs: number; readonly connectMs: number; readonly wholeBody: boolean },
  abandon: (error: Error) => void,
): void {
  watchForDrips(outgoing, limits, abandon);
  let incoming: IncomingMessage | undefined;
  outgoing.on('response', (response) => {
    incoming = response;
  });
  outgoing.on('socket', (socket) => {
    let connecting = socket.connecting;
    const arm = (): void => {
      socket.setTimeout(connecting ? limits.connectMs : limits.stallMs);
    };
    const judge = (heard: number): void => {
      if (outgoing.closed) return;
      if (connecting) {
        abandon(new StalledError(`no connection within ${limits.connectMs / 1000} s`));
      } else if (isOurTurn(outgoing, incoming) || socket.bytesRead > heard) {
        arm();
      } else {
        abandon(new StalledError(`the connection was silent for ${limits.stallMs / 1000} s`));
      }
    };
    // After a long turn of our own the timer comes before the bytes that wait to be read: they
    // get their chance first.
    const onTimeout = (): void => {
      setImmediate(judge, socket.bytesRead);
    };
    arm();
    socket.on('timeout', onTimeout);
    if (connecting) {
      socket.once('connect', () => {
        connecting = false;
        arm();
      });
    }
    outgoing.on('close', () => {
      socket.off('timeout', onTimeout);
      socket.setTimeout(0);
    });
  });
}

/**
 * Ends a request whose answer takes for ever without being silent: heads that go on and on, or come byte by
 * byte, and bodies that are read whole and do. A body that is a stream may take its time.
 */
function watchForDrips(
  outgoing: ClientRequest,
  { stallMs, wholeBody }: { readonly stallMs: number; readonly wholeBody: boolean },
  abandon: (error: Error) => void,
): void {
  let timer: NodeJS.Timeout | undefined;
  let isDone = false;
  const most = DRIPS * stallMs;
  const done = (): void => {
    isDone = true;
    clearTimeout(timer);
  };
  outgoing.on('finish', () => {
    if (isDone) return;
    timer = setTimeout(() => {
      abandon(new StalledError(`the answer was not complete after ${most / 1000} s`));
    }, most);
  });
  if (!wholeBody) outgoing.on('response', done);
  outgoing.on('close', done);
}

function isOurTurn(outgoing: ClientRequest, incoming: IncomingMessage | undefined): boolean {
  if (incoming !== undefined) {
    const isFull = incoming.readableLength >= incoming.readableHighWaterMark;
    return isFull || incoming.complete || incoming.isPaused() || incoming.socket.isPaused();
  }
  return !outgoing.writableEnded && !outgoing.writableNeedDrain;
}
