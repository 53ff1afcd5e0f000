import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** A real container engine that a test has started. */
export interface EngineServer {
  readonly socketPath: string;
  /** Everything it has printed so far. */
  readonly log: () => Promise<string>;
  /** Kills the engine, not its containers. */
  readonly kill: () => Promise<void>;
  /** Starts it again after {@link kill} where it was. */
  readonly restart: () => Promise<void>;
  /** Removes its containers, ends it, unmounts and removes its files. */
  readonly stop: () => Promise<void>;
}

export interface EngineServerOptions {
  /** How much the engine can store; as much as the disk holds if left out. */
  readonly diskBytes?: number;
  /** A host besides loopback whose registries serve no TLS. */
  readonly plainHost?: string;
}

/** Makes a folder in which an engine can store no more than it is told. */
export async function makeStorage(
  folder: string,
  { diskBytes }: EngineServerOptions,
): Promise<void> {
  await mkdir(folder);
  if (diskBytes === undefined) return;
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', folder]);
}

/** Why a real engine cannot be started by this process; `undefined` if it can. */
export function cannotRunEngines(): string | undefined {
  if (process.platform !== 'linux') return 'container engines need Linux';
  return process.getuid?.() === 0 ? undefined : 'starting a container engine needs root';
}

/** Unmounts everything under a folder, the innermost first. */
async function unmountUnder(folder: string): Promise<void> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  const mounts = table
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target.startsWith(`${folder}/`));
  for (const target of mounts.toReversed()) {
    // Lazily: a process that is just ending may still hold it.
    await execa('umount', ['--lazy', target], { reject: false });
  }
}

/** Ends what an engine that has ended leaves behind: containers' processes, mounts, files. */
export async function removeTraces(folder: string, remove: () => Promise<void>): Promise<void> {
  for (const pid of await processesNaming(folder)) killQuietly(pid);
  await unmountUnder(folder);
  await remove();
}

/** Processes whose command line names a folder: what an engine leaves behind when it is killed. */
export async function processesNaming(folder: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const commandLine = await readFile(join('/proc', name, 'cmdline'), 'utf8').catch(() => '');
    if (commandLine.includes(folder)) found.push(Number(name));
  }
  return found;
}

/** Kills a process that may be gone by now. */
export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
