import { ExitCode } from '../exit-code.ts';

/** How a run learns that it should stop. */
export interface Stop {
  /** Aborted at the first signal: take nothing new, finish what is in flight, publish. */
  readonly drain: AbortSignal;
  /** Aborted when the grace has passed, or at a second signal: give up what is in flight. */
  readonly signal: AbortSignal;
  /** The exit code a signal asks for; `undefined` if none came. */
  exitCode(): ExitCode | undefined;
  dispose(): void;
}

/**
 * Listens for SIGTERM and SIGINT.
 *
 * @param graceMs - what is in flight may go on for so long; a container that is stopped gets 30 s
 * in all by default, and the map still has to be published in it
 */
export function listenForStop(
  target: Pick<NodeJS.Process, 'on' | 'off'>,
  { graceMs, onSignal }: { readonly graceMs: number; readonly onSignal: (again: boolean) => void },
): Stop {
  const drain = new AbortController();
  const abort = new AbortController();
  let code: ExitCode | undefined;
  let timer: NodeJS.Timeout | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    const again = drain.signal.aborted;
    code ??= signal === 'SIGINT' ? ExitCode.interrupted : ExitCode.terminated;
    onSignal(again);
    if (again) {
      abort.abort(new Error(`stopped by ${signal}`));
      return;
    }
    drain.abort(new Error(`stopped by ${signal}`));
    timer = setTimeout(() => abort.abort(new Error(`stopped by ${signal}`)), graceMs);
    timer.unref();
  };
  target.on('SIGTERM', handle);
  target.on('SIGINT', handle);
  return {
    drain: drain.signal,
    signal: abort.signal,
    exitCode: () => code,
    dispose: () => {
      clearTimeout(timer);
      target.off('SIGTERM', handle);
      target.off('SIGINT', handle);
    },
  };
}
