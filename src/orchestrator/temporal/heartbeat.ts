import { readFile, rename, writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import type { Clock } from '../../registry/http/clock.ts';
import { pause } from './pause.ts';
import type { TemporalStatus } from './status.ts';

/** What the orchestrator leaves in a file, as it listens on no port that could be asked. */
export interface Heartbeat {
  /** When it was written; RFC 3339. */
  readonly at: string;
  readonly pid: number;
  /** What the container is by its name. */
  readonly role: string;
  readonly temporal: TemporalStatus;
}

const BEAT_EVERY_MS = 10_000;
/** Three beats were missed: whoever should write is gone, or stuck. */
const STALE_AFTER_MS = 3 * BEAT_EVERY_MS + 5_000;

/**
 * Writes a heartbeat every ten seconds until the signal ends it. A file that cannot be written is
 * no reason to stop working: it goes stale, and that is what it is for.
 */
export async function keepBeating(options: {
  readonly path: string;
  readonly beat: () => Omit<Heartbeat, 'at'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}): Promise<void> {
  const { path, beat, clock, signal, onError } = options;
  while (!signal.aborted) {
    const heartbeat: Heartbeat = { at: new Date(clock.now()).toISOString(), ...beat() };
    try {
      // A reader never sees half of it.
      await writeFile(`${path}.next`, `${JSON.stringify(heartbeat)}\n`);
      await rename(`${path}.next`, path);
    } catch (error) {
      onError(error);
    }
    await pause(BEAT_EVERY_MS, clock, signal);
  }
}

/** `alive`, or why not, in words. Temporal being away does not make an orchestrator unhealthy. */
export type Health =
  | { readonly alive: true; readonly heartbeat: Heartbeat }
  | { readonly alive: false; readonly reason: string };

/** Judges the heartbeat file. */
export async function readHealth(path: string, now: number): Promise<Health> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return { alive: false, reason: `no heartbeat at ${path}: ${String(error)}` };
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), heartbeatSchema), text);
  if (!parsed.success) return { alive: false, reason: `${path} holds no heartbeat` };
  const ageMs = now - Date.parse(parsed.output.at);
  return ageMs > STALE_AFTER_MS
    ? { alive: false, reason: `the last heartbeat is ${Math.round(ageMs / 1000)} s old` }
    : { alive: true, heartbeat: parsed.output };
}

const heartbeatSchema: v.GenericSchema<unknown, Heartbeat> = v.object({
  at: v.pipe(v.string(), v.isoTimestamp()),
  pid: v.number(),
  role: v.string(),
  temporal: v.object({
    state: v.picklist(['off', 'connecting', 'polling', 'unreachable', 'refused']),
    since: v.string(),
    lastContact: v.exactOptional(v.string()),
    reason: v.exactOptional(v.string()),
  }),
});
