/** The files an engine mounts into every container from the container's own folder. */
const ENGINE_FILES = new Set(['/etc/hostname', '/etc/hosts', '/etc/resolv.conf']);

/**
 * The id of the container this process runs in, read from `/proc/self/mountinfo`: host names can be
 * chosen, and control groups are hidden. `undefined` outside of a container.
 *
 * Source: proc(5): the fourth field is the mounted part of the file system, the fifth the place.
 */
export function ownContainerId(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const [, , , root = '', place = ''] = line.split(' ');
    if (!ENGINE_FILES.has(place)) continue;
    const id = /(?:^|\/)([0-9a-f]{64})(?:\/|$)/.exec(root)?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
}
