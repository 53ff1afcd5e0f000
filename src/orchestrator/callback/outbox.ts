import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { silentLogger, type Logger } from '../../log.ts';
import { systemClock, type Clock } from '../../registry/http/clock.ts';
import { errorCode } from '../../settings/files.ts';
import { deploymentEvent, type DeploymentEvent } from './deployment-event.ts';

/** An event that waits to be delivered. */
export interface OutboxEntry {
  /** Its file. */
  readonly name: string;
  readonly event: DeploymentEvent;
}

/** Events on disk, until they are delivered. Survives a restart, and a power cut. */
export interface Outbox {
  /** Resolves once the event is on disk; one with the same id that still waits is enough. */
  put(event: DeploymentEvent): Promise<void>;
  /** What waits, oldest first. */
  entries(): Promise<readonly OutboxEntry[]>;
  /** Takes an entry out; one that is gone is no error. */
  remove(entry: OutboxEntry): Promise<void>;
  /** Calls back after every `put`. */
  onPut(listener: () => void): void;
}

export interface OutboxOptions {
  /** Made if it is not there. */
  readonly folder: string;
  /** Beyond this many the oldest give way. */
  readonly maxEntries?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

const MAX_ENTRIES = 1_000;
const ENTRY = /^\d{15}-\d{6}-[\da-f]{32}\.json$/;

/** Opens the outbox in a folder, with whatever an earlier process left there. */
export async function openOutbox(options: OutboxOptions): Promise<Outbox> {
  const { folder, maxEntries = MAX_ENTRIES } = options;
  const { clock = systemClock, logger = silentLogger } = options;
  await mkdir(folder, { recursive: true });
  const listeners: (() => void)[] = [];
  const unreadable = new Set<string>();
  let counter = 0;
  // One change at a time, so that a bound that is checked also holds.
  let turn: Promise<unknown> = Promise.resolve();

  async function names(): Promise<string[]> {
    return (await readdir(folder)).filter((name) => ENTRY.test(name)).sort();
  }

  async function add(event: DeploymentEvent): Promise<void> {
    const hash = createHash('sha256').update(event.id).digest('hex').slice(0, 32);
    const waiting = await names();
    if (waiting.some((name) => name.endsWith(`-${hash}.json`))) return;
    counter += 1;
    const name = `${pad(clock.now(), 15)}-${pad(counter, 6)}-${hash}.json`;
    await writeDurably(folder, name, JSON.stringify(event));
    for (const oldest of waiting.slice(0, Math.max(0, waiting.length + 1 - maxEntries))) {
      logger.error('the outbox is full: an event is dropped undelivered', { file: oldest });
      await rm(join(folder, oldest), { force: true });
    }
  }

  async function read(name: string): Promise<OutboxEntry | undefined> {
    const text = await readFile(join(folder, name), 'utf8').catch((error: unknown) => {
      const code = errorCode(error);
      // Delivered, or dropped, a moment ago.
      if (code === 'ENOENT') return undefined;
      if (code !== 'EACCES') throw error;
      // A command that somebody else ran, root perhaps, must not hold up all others.
      if (!unreadable.has(name)) {
        const reason = 'it belongs to another user: give it to the one that runs the orchestrator';
        logger.error('a file in the outbox cannot be read; it is left there', {
          file: name,
          reason,
        });
      }
      unreadable.add(name);
      return undefined;
    });
    if (text === undefined) return undefined;
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), deploymentEvent), text);
    if (parsed.success) return { name, event: parsed.output };
    // Writes are atomic, so this is damage, or the work of another version.
    logger.error('a file in the outbox is no event; it is set aside', { file: name });
    await rename(join(folder, name), join(folder, `${name}.damaged`));
    return undefined;
  }

  return {
    async put(event) {
      const mine = turn.then(async () => add(event));
      turn = mine.catch(() => undefined);
      await mine;
      for (const listener of listeners) listener();
    },
    async entries() {
      const waiting: OutboxEntry[] = [];
      for (const name of await names()) {
        const entry = await read(name);
        if (entry !== undefined) waiting.push(entry);
      }
      return waiting;
    },
    async remove({ name }) {
      await rm(join(folder, name), { force: true });
    },
    onPut(listener) {
      listeners.push(listener);
    },
  };
}

/** On disk as a whole or not at all, also if the power goes. */
async function writeDurably(folder: string, name: string, text: string): Promise<void> {
  const draft = join(folder, `${name}.draft`);
  const file = await open(draft, 'w');
  try {
    // No secret is in it, and the orchestrator may be another user than who ran the command.
    await file.chmod(0o644);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(folder, name));
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, '0');
}
