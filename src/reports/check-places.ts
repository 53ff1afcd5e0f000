import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ReportError } from '../errors.ts';
import type { Options } from '../options.ts';
import type { Environment } from '../registry/http/agents.ts';
import { reach } from './send.ts';
import type { NotifySettings, ReportPlaces } from './settings.ts';
import { reasonOf } from './write-file.ts';

/** A place that reports or messages go to, and a look at whether they could. */
export interface PlaceCheck {
  /** `write report.json`. */
  readonly name: string;
  /** Resolves to what was found. @throws ReportError with the next step */
  readonly look: (options: Options) => Promise<string>;
}

/** The places that a configuration names. Looking writes and posts nothing. */
export function placeChecks(
  { json, html, metrics, pushgateway }: ReportPlaces,
  notify: NotifySettings | undefined,
  env: Environment,
): readonly PlaceCheck[] {
  const files = Object.entries({ json, html, metrics }).flatMap(([name, path]) =>
    path === undefined
      ? []
      : [{ name: `write report.${name}`, look: async () => lookAtFile(path) }],
  );
  const receivers = [
    { to: 'the Pushgateway of report.pushgateway', url: pushgateway },
    { to: 'the webhook of notify.webhook', url: notify?.webhook },
  ].flatMap(({ to, url }) =>
    url === undefined
      ? []
      : [
          {
            name: `reach ${to}`,
            look: async (options: Options) => {
              await reach({ to, url }, { ...options, env });
              return 'its host answers; nothing was posted';
            },
          },
        ],
  );
  return [...files, ...receivers];
}

/** Whether a file can be put there: by the nearest folder above it, as missing ones are made. */
async function lookAtFile(path: string): Promise<string> {
  try {
    const there = await stat(path).catch(ifMissing);
    if (there !== undefined && !there.isFile()) throw new Error('it is not a regular file');
    await access(await nearestFolder(dirname(path)), constants.W_OK | constants.X_OK);
    return path;
  } catch (error) {
    throw new ReportError(
      'REPORT_UNWRITABLE',
      `${path} could not be written: ${reasonOf(error)}.`,
      error,
    );
  }
}

async function nearestFolder(folder: string): Promise<string> {
  const there = await stat(folder).catch(ifMissing);
  if (there === undefined) return nearestFolder(dirname(folder));
  if (!there.isDirectory()) throw new Error(`${folder} is a file, not a folder`);
  return folder;
}

function ifMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
  throw error;
}
