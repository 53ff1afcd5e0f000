import { readFile } from 'node:fs/promises';
import { safeParse } from 'valibot';
import { errorMessage } from '../errors.ts';
import type { Logger } from '../log.ts';
import { parseEarlierMetrics } from './metrics.ts';
import { runRecordSchema } from './record-schema.ts';
import type { EarlierRun } from './run-record.ts';

/** A place where the run before may have left what this one wants to know. */
export interface Memory {
  /** For the log. */
  readonly location: string;
  /** `undefined` if nothing is there. */
  read(): Promise<string | undefined>;
  /** `undefined` if the text says nothing of this map's job. */
  parse(text: string): EarlierRun | undefined;
}

/**
 * What the run before left, from the first place that has it. What cannot be read is as if it were not
 * there: remembering is a convenience, and must not fail a run.
 */
export async function readEarlierRun(
  memories: readonly Memory[],
  logger: Logger,
): Promise<EarlierRun | undefined> {
  for (const memory of memories) {
    try {
      const text = await memory.read();
      const earlier = text === undefined ? undefined : memory.parse(text);
      if (earlier !== undefined) return earlier;
    } catch (error) {
      logger.warn('what the run before left cannot be read; this one starts afresh', {
        location: memory.location,
        error: errorMessage(error),
      });
    }
  }
  return undefined;
}

/** `report.json` in a file. */
export function recordFile(path: string, map: string): Memory {
  return { location: path, read: async () => readIfThere(path), parse: recordParser(map) };
}

/** The metrics in a file, which remember when, but not who proved what. */
export function metricsFile(path: string, map: string): Memory {
  return {
    location: path,
    read: async () => readIfThere(path),
    parse: (text) => parseEarlierMetrics(text, map),
  };
}

/**
 * @param map - the map's location: a report of another map's job says nothing
 * @throws Error the text is no report
 */
export function recordParser(map: string): Memory['parse'] {
  return (text) => {
    const { success, output } = safeParse(runRecordSchema, JSON.parse(text));
    if (!success) throw new Error('it is no report that this version knows');
    return output.map.location === map ? output : undefined;
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
