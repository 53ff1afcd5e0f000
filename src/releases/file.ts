import { readFile } from 'node:fs/promises';
import { ReleaseSourceError, errorMessage } from '../errors.ts';
import type { Options } from '../options.ts';
import { escapeUnprintable } from '../quote.ts';
import { parseReleases } from './parse-releases.ts';
import type { ReleaseList, ReleaseSource } from './release-source.ts';

export interface FileReleaseOptions {
  /** Registry of announced references that name none. */
  readonly defaultRegistry?: string;
}

/** Releases from a JSON file of the same shape as the endpoint's answer; read anew every time. */
export function createFileReleaseSource(
  path: string,
  { defaultRegistry }: FileReleaseOptions = {},
): ReleaseSource {
  return {
    location: path,
    async latest({ signal }: Options = {}): Promise<ReleaseList> {
      signal?.throwIfAborted();
      const text = await readText(path, signal);
      return parseReleases(parseJson(text, path), {
        location: path,
        isFile: true,
        defaultRegistry,
      });
    },
  };
}

async function readText(path: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await readFile(path, { encoding: 'utf8', ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    throw new ReleaseSourceError(
      `The list of releases could not be read from ${path}: ${errorMessage(error)}. Check releases.file.`,
      { retryable: false, cause: error },
    );
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    // An editor on Windows may leave a byte order mark.
    return JSON.parse(text.replace(/^\u{feff}/u, ''));
  } catch (error) {
    const why = escapeUnprintable(errorMessage(error));
    throw new ReleaseSourceError(
      `${path} is not JSON: ${why}. If it was cut off on its way here, fetch it again: all of the answer of latest-releases belongs into it.`,
      { retryable: false, cause: error },
    );
  }
}
