import { chmodSync } from 'node:fs';
import type { DockerCommand } from '../../support/servers/built-images.ts';
import type { Launch } from '../run/world.ts';

/** Nobody the image has heard of. */
const SOMEBODY = '4711:4711';

/** As the examples run them, and as Kubernetes does. */
export const CONFINED: readonly string[] = [
  '--rm --user',
  SOMEBODY,
  '--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges',
]
  .join(' ')
  .split(' ');

export interface ImageFile {
  readonly mode: string;
  readonly owner: string;
  readonly path: string;
}

/** Every file of an image, as tar tells it. */
export async function filesOf(docker: DockerCommand, image: string): Promise<readonly ImageFile[]> {
  return (await docker.list(image)).split('\n').map((line) => {
    const [mode = '', owner = '', , , , ...path] = line.split(/\s+/);
    return { mode, owner, path: path.join(' ') };
  });
}

/** Runs `mirror` of an image in place of the sources, in a folder that anybody may write to. */
export function inContainer(docker: DockerCommand, image: string): Launch {
  return (args, { folder, env }) => {
    chmodSync(folder, 0o777);
    const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const place = ['--network', 'host', '--volume', `${folder}:${folder}`, '--workdir', folder];
    return docker.start(['run', ...CONFINED, ...place, ...variables, image, ...args]);
  };
}
