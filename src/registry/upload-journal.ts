import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../errors.ts';
import type { Logger } from '../log.ts';

/** Remembers where unfinished uploads go on, for a process that comes after this one. */
export interface UploadJournal {
  /** Smaller blobs are not worth it: they are sent again in seconds. */
  readonly fromBytes: number;
  /**
   * Gives the session of an upload that somebody began and did not finish, and forgets it: of two who
   * ask, one gets it, for two must not write into one session.
   */
  take(upload: string): Promise<URL | undefined>;
  /** Takes note of where an upload goes on. Never fails: an upload can do without. */
  note(upload: string, session: URL): Promise<void>;
  /** An upload is finished. */
  forget(upload: string): Promise<void>;
}

const FROM_BYTES = 32 * 1024 * 1024;

/** Registries forget sessions by themselves after some days at most; ECR after one. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/**
 * Keeps one small file for each unfinished upload in a folder of this user's. Whoever has the address
 * of a session may be able to write into it.
 *
 * @param folder - made when it is needed
 * @param now - milliseconds since the epoch
 */
export function fileUploadJournal(
  folder: string,
  {
    logger,
    now,
    fromBytes = FROM_BYTES,
  }: { readonly logger: Logger; readonly now: () => number; readonly fromBytes?: number },
): UploadJournal {
  const fileOf = (upload: string): string =>
    join(folder, `${createHash('sha256').update(upload).digest('hex')}.json`);
  const quietly = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      logger.debug(`could not ${what}: ${errorMessage(error)}`);
    }
  };
  const forget = async (upload: string): Promise<void> =>
    quietly('forget an upload', async () => rm(fileOf(upload), { force: true }));

  return {
    fromBytes,
    async take(upload) {
      let text: string;
      try {
        text = await readFile(fileOf(upload), 'utf8');
        // Whoever removes it has it. `rm` would not tell: it takes what is gone for removed.
        await unlink(fileOf(upload));
      } catch {
        // None was begun, or somebody else goes on with it.
        return undefined;
      }
      return sessionIn(text, now());
    },
    note: async (upload, session) =>
      quietly('take note of an upload, which a later run will have to begin anew', async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const text = JSON.stringify({ upload, session: session.href, notedAt: now() });
        await writeFile(fileOf(upload), text, { mode: 0o600 });
      }),
    forget,
  };
}

function sessionIn(text: string, now: number): URL | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Cut off while it was written: as good as none.
    return undefined;
  }
  const { session, notedAt } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof session !== 'string' || typeof notedAt !== 'number') return undefined;
  return Math.abs(now - notedAt) > KEPT_MS ? undefined : (URL.parse(session) ?? undefined);
}
