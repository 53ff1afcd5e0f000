import { isAbsolute, join, relative } from 'node:path';
import { ConfigError } from '../../errors.ts';
import type { Mount } from '../engine/container-spec.ts';

/**
 * What the host calls a folder of this process: an engine mounts folders of the host, whoever asks.
 *
 * @param mounts - those of our own container; `undefined` where we run in none
 * @throws ConfigError the folder is not the host's
 */
export function hostPath(path: string, mounts: readonly Mount[] | undefined): string {
  if (mounts === undefined) return path;
  const [nearest] = mounts
    .filter(({ target }) => isWithin(path, target))
    .toSorted((a, b) => b.target.length - a.target.length);
  if (nearest?.kind === 'bind') return join(nearest.source, relative(nearest.target, path));
  const where = nearest === undefined ? 'the container itself' : `a ${nearest.kind}`;
  throw new ConfigError(
    `the folder ${path} is in ${where}, where apps cannot be given files from: mount a folder of the host there, or say what the host calls it as orchestrator.data_folder_on_host`,
  );
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}
