import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ACCEPT_MANIFESTS } from '../src/registry/manifest.ts';
import { binary } from '../test/support/servers/binaries.ts';
import type { Task } from './contenders.ts';

const THREADS = 8;

interface Layers {
  readonly config: { readonly digest: string; readonly size: number };
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

/** Builds the splicing program, and lists for it every blob of the images once, the largest first. */
export async function prepareFloor(task: Omit<Task, 'ca' | 'publicKey'>): Promise<string> {
  const { folder, source, target, references } = task;
  await mkdir(folder, { recursive: true });
  const program = join(folder, 'floor');
  const code = join(import.meta.dirname, 'floor.c');
  await execa(binary('cc'), ['-O2', '-pthread', '-o', program, code]);
  const blobs = new Map<string, { readonly repository: string; readonly size: number }>();
  for (const reference of references) {
    const [repository = '', tag = ''] = reference.split(':');
    const url = `http://${source}/v2/${repository}/manifests/${tag}`;
    const answer = await fetch(url, { headers: { accept: ACCEPT_MANIFESTS } });
    const { config, layers } = (await answer.json()) as Layers;
    for (const { digest, size } of [config, ...layers]) blobs.set(digest, { repository, size });
  }
  const lines = [...blobs]
    .toSorted(([, a], [, b]) => b.size - a.size)
    .map(([digest, { repository, size }]) => `${repository} ${digest} ${size}\n`);
  const list = join(folder, 'blobs');
  await writeFile(list, lines.join(''));
  const [sourcePort, targetPort] = [source, target].map((host) => host.split(':')[1]);
  return `exec ${program} ${sourcePort} ${targetPort} ${THREADS} <${list}`;
}
