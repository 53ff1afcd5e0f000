import * as v from 'valibot';
import { EngineError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Clock } from '../../registry/http/clock.ts';
import type { ContainerEvent, ContainerId } from './container.ts';
import { linesOf } from './lines.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/** Docker's words, and Podman's where they differ. */
const KINDS: Readonly<Record<string, Exclude<ContainerEvent['kind'], 'gap'>>> = {
  start: 'started',
  die: 'ended',
  rename: 'renamed',
  destroy: 'removed',
  remove: 'removed',
};

const message = v.object({
  Action: v.string(),
  Actor: v.object({
    ID: v.string(),
    Attributes: v.optional(v.nullable(v.record(v.string(), v.string()))),
  }),
  time: v.number(),
  timeNano: v.optional(v.number()),
});

export interface EventStreamOptions {
  /** Opens the engine's stream of events since a time in milliseconds. */
  readonly open: (since: number) => Promise<AsyncIterable<Buffer>>;
  /** What a container has to carry for its events to be told. */
  readonly labels: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

/** Events for ever: listens again whenever the engine goes away, and tells of the gap. */
export async function* eventsForEver(options: EventStreamOptions): AsyncGenerator<ContainerEvent> {
  const { open, labels, clock, logger, signal } = options;
  let pause = FIRST_PAUSE_MS;
  for (let isFirst = true; ; isFirst = false) {
    try {
      // Asked for by time, what happens while the connection is made is not lost.
      const stream = await open(clock.now());
      if (!isFirst) yield { kind: 'gap' };
      pause = FIRST_PAUSE_MS;
      for await (const line of linesOf(stream)) yield* eventIn(line, labels);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof EngineError) || error.code !== 'ENGINE_UNREACHABLE') throw error;
      logger.warn("the container engine's events are not to be had; listening again", {
        error: error.message,
        pauseMs: pause,
      });
    }
    await clock.sleep(pause, signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

function* eventIn(
  line: string,
  labels: Readonly<Record<string, string>>,
): Generator<ContainerEvent> {
  const json = parseJson(line);
  // Cut off, as when the engine ends: what it would have said is not known.
  if (json === undefined) {
    yield { kind: 'gap' };
    return;
  }
  const parsed = v.safeParse(message, json);
  // Events of other things than containers have other forms.
  if (!parsed.success) return;
  const { Action, Actor, time, timeNano } = parsed.output;
  const kind = KINDS[Action];
  if (kind === undefined) return;
  const attributes = Actor.Attributes ?? {};
  // Asked for several labels, Podman 4.3 tells of containers with any of them.
  if (Object.entries(labels).some(([key, value]) => attributes[key] !== value)) return;
  const common = {
    id: Actor.ID as ContainerId,
    name: attributes['name'] ?? '',
    at: timeNano === undefined ? time * 1_000 : Math.floor(timeNano / 1e6),
  };
  if (kind !== 'ended') yield { kind, ...common };
  else yield { kind, ...common, exitCode: exitCodeOf(attributes) };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The caller says what that means.
    return undefined;
  }
}

function exitCodeOf(attributes: Readonly<Record<string, string>>): number | undefined {
  const code = Number.parseInt(attributes['exitCode'] ?? attributes['containerExitCode'] ?? '', 10);
  return Number.isNaN(code) ? undefined : code;
}
