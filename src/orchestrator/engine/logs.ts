import type { ContainerId, LogLine } from './container.ts';
import type { LogOptions } from './container-engine.ts';
import { refused } from './engine-failures.ts';
import type { EngineRequests } from './engine-requests.ts';
import { inspectRaw, missing } from './lifecycle.ts';
import { linesOf } from './lines.ts';
import { logLines, terminalLines } from './log-frames.ts';

/** The lines of a container's log. */
export async function* readLog(
  requests: EngineRequests,
  id: ContainerId,
  { tail, follow, signal }: LogOptions & { readonly follow: boolean },
): AsyncGenerator<LogLine> {
  const inspected = await inspectRaw(requests, id, { ...(signal && { signal }) });
  if (inspected === undefined) throw missing(requests, id);
  const what = `read the log of container ${id}`;
  const stream = await requests.open({
    method: 'GET',
    path: `/containers/${id}/logs`,
    query: {
      stdout: '1',
      stderr: '1',
      timestamps: '1',
      tail: String(tail),
      ...(follow ? { follow: '1' } : {}),
    },
    ...(follow ? { silenceMs: Number.POSITIVE_INFINITY } : {}),
    what,
    ...(signal && { signal }),
  });
  if (stream.status === 404) throw missing(requests, id);
  if (stream.status !== 200) {
    throw refused(requests.location, what, await requests.connection.whole(stream, what));
  }
  // Only the engine knows whether there is a terminal: the stream looks the same.
  yield* inspected.Config.Tty ? terminalLines(linesOf(stream.body)) : logLines(stream.body);
}
