import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';

/** A command's end, and what it wrote. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line that runs in this process, in a folder and an environment of its own. */
export interface CommandLine {
  run(...args: readonly string[]): Promise<Ended>;
  /** Sends a signal to what runs. */
  signal(name: NodeJS.Signals): void;
}

/** Runs a program's `main` as the process would, with streams that are looked at afterwards. */
export function commandLine(
  main: (process: NodeJS.Process) => Promise<number>,
  surroundings: {
    readonly cwd: string;
    readonly env?: Readonly<Record<string, string>>;
    /** Columns of a terminal; a pipe without. */
    readonly columns?: number;
    /** What is typed at a terminal; nothing is read from a pipe without. */
    readonly typed?: string;
  },
): CommandLine {
  const { cwd, env = {}, columns, typed } = surroundings;
  let current: EventEmitter | undefined;
  return {
    run: async (...args) => {
      const stdout = collecting(columns);
      const stderr = collecting(columns);
      const emitter = new EventEmitter();
      current = emitter;
      const process = Object.assign(emitter, {
        argv: ['node', 'mirror', ...args],
        pid: 4711,
        env: { DOCKER_CONFIG: '/nonexistent', ...env },
        cwd: () => cwd,
        stdin: typing(typed),
        stdout: stdout.stream,
        stderr: stderr.stream,
      });
      // Of a process no more than this is used; the type cannot say so.
      const exitCode = await main(process as unknown as NodeJS.Process);
      return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
    },
    signal: (name) => {
      current?.emit(name, name);
    },
  };
}

function typing(text: string | undefined): PassThrough {
  const stream = Object.assign(new PassThrough(), { isTTY: text !== undefined });
  stream.end(text);
  return stream;
}

/** A stream whose text is looked at afterwards. */
export function collecting(columns: number | undefined): {
  readonly stream: PassThrough;
  readonly text: () => string;
} {
  const chunks: Buffer[] = [];
  const stream = Object.assign(new PassThrough(), {
    isTTY: columns !== undefined,
    columns: columns ?? 0,
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString() };
}
