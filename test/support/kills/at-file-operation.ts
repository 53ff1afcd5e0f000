// Loaded before a program (`--import`): counts what it does to files beside a map, and at the n-th such
// operation lets it die, as by a power cut, or stand still until it is let go on.
import fs, { existsSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** What the program is told by its environment, as JSON in `FILE_OPERATION`. */
export interface FileOperationOrder {
  /** Operations on what begins with this are counted: folder and a slash. */
  readonly folder: string;
  /** Counted from one. */
  readonly nth?: number;
  /** The first of this name, in place of a number; without either nothing befalls the program. */
  readonly operation?: 'sync';
  readonly when: 'before' | 'after';
  /** `wait`: until the file `${note}.go` is there. */
  readonly fate: 'die' | 'wait';
  /** A file to note in what was done, one operation a line. */
  readonly note: string;
}

type Operation = (...given: readonly unknown[]) => unknown;

const { FILE_OPERATION: order } = process.env;
if (order !== undefined) watch(JSON.parse(order) as FileOperationOrder);

function watch({ folder, nth, operation, when, fate, note }: FileOperationOrder): void {
  const done: string[] = [];
  let isOver = false;
  const isOurs = (path: unknown): path is string =>
    typeof path === 'string' && path.startsWith(folder);
  const { writeFileSync: write, existsSync: exists } = { writeFileSync, existsSync };
  const strike = (): void => {
    write(note, done.join('\n'));
    if (fate === 'die') process.kill(process.pid, 'SIGKILL');
    write(`${note}.here`, '');
    const pause = new Int32Array(new SharedArrayBuffer(4));
    while (!exists(`${note}.go`)) Atomics.wait(pause, 0, 0, 5);
  };
  const counted = (name: string, run: () => unknown): unknown => {
    done.push(name);
    const isIt = operation === undefined ? done.length === nth : !isOver && name === operation;
    isOver ||= isIt;
    if (isIt && when === 'before') strike();
    const result = run();
    if (!(result instanceof Promise)) {
      if (isIt && when === 'after') strike();
      return result;
    }
    return result.finally(() => {
      if (isIt && when === 'after') strike();
    });
  };
  const wrap = (
    owner: Record<string, unknown>,
    name: string,
    isMeant: (path: unknown) => boolean,
  ): void => {
    const real = owner[name] as Operation;
    owner[name] = function wrapped(this: unknown, ...given: readonly unknown[]): unknown {
      const run = (): unknown => real.apply(this, [...given]);
      const [path] = given;
      if (!isMeant(path)) return run();
      return counted(isOurs(path) ? `${name} ${path.slice(folder.length)}` : name, run);
    };
  };
  const asynchronous = promises as unknown as Record<string, unknown>;
  for (const name of ['rename', 'link', 'unlink', 'rm', 'readFile', 'writeFile']) {
    wrap(asynchronous, name, isOurs);
  }
  const synchronous = fs as unknown as Record<string, unknown>;
  for (const name of ['renameSync', 'linkSync', 'unlinkSync']) wrap(synchronous, name, isOurs);
  wrap(asynchronous, 'open', isOurs);
  const open = asynchronous['open'] as (...given: readonly unknown[]) => Promise<object>;
  asynchronous['open'] = async (...given: readonly unknown[]) => {
    const handle = (await open(...given)) as Record<string, unknown>;
    if (isOurs(given[0])) {
      for (const name of ['writeFile', 'sync']) wrap(handle, name, () => true);
    }
    return handle;
  };
  syncBuiltinESMExports();
  process.on('exit', () => write(note, done.join('\n')));
}
