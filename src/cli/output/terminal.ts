import type { Writable } from 'node:stream';
import { ConfigError, MirrorError, errorMessage } from '../../errors.ts';
import { createLogger, type Logger, type LogLevel, type LogRecord } from '../../log.ts';
import { reportError } from '../../mirror/report.ts';
import { jsonLine } from './json.ts';
import { paintFor, printable, type Paint } from './format.ts';

export type OutputFormat = 'human' | 'json';

/** Where a command writes: its result to stdout, all else to stderr, always. */
export interface Terminal {
  readonly format: OutputFormat;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** For text on stdout. */
  readonly paint: Paint;
  readonly logger: Logger;
  /** Runs before anything is written, so that a status line can step aside. */
  aside: (write: () => void) => void;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export function openTerminal(
  streams: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream },
  options: { readonly format: OutputFormat; readonly logLevel: LogLevel },
): Terminal {
  const { stdout, stderr } = streams;
  const terminal: Terminal = {
    format: options.format,
    stdout,
    stderr,
    paint: paintFor(stdout),
    aside: (write) => write(),
    logger: createLogger((record) => {
      if (LEVELS.indexOf(record.level) < LEVELS.indexOf(options.logLevel)) return;
      terminal.aside(() => stderr.write(formatRecord(record, options.format, paintFor(stderr))));
    }),
  };
  return terminal;
}

function formatRecord(record: LogRecord, format: OutputFormat, paint: Paint): string {
  const { level, message, fields } = record;
  if (format === 'json') return jsonLine({ level, message, ...fields });
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${printable(String(value))}`);
  const style = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'dim';
  return `${[paint(style, `${level}:`), printable(message), ...details].join(' ')}\n`;
}

/** Says why a command could not do its work. */
export function printError(error: unknown, terminal: Terminal): void {
  if (terminal.format === 'json') {
    const issues = error instanceof ConfigError ? { issues: error.issues } : {};
    terminal.stdout.write(jsonLine({ error: { ...reportError(error), ...issues } }));
    return;
  }
  const paint = paintFor(terminal.stderr);
  terminal.aside(() => terminal.stderr.write(`${describeError(error, paint)}\n`));
}

function describeError(error: unknown, paint: Paint): string {
  if (error instanceof ConfigError && error.issues.length > 1) {
    const head = paint('red', `${error.code}: ${error.issues.length} problems`);
    return [head, ...error.message.split('\n').map((line) => `  ${printable(line)}`)].join('\n');
  }
  if (error instanceof MirrorError) {
    return `${paint('red', error.code)}: ${printable(error.message)}`;
  }
  // A stack begins with the message as it is, whose lines a log may take for orders.
  const stack = error instanceof Error ? (error.stack ?? '').match(/^ +at .*$/gm) : null;
  const frames = (stack ?? []).map((frame) => `\n${printable(frame)}`);
  return `${paint('red', 'Unexpected error')}: ${printable(errorMessage(error))}\nThis is a bug in sdr-mirror; please report it with the lines below.${frames.join('')}`;
}

/** Writes a result and waits until it has gone out, so that a pipe gets all of it. */
export async function writeResult(stream: Writable, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(text, (error) =>
      error === undefined || error === null ? resolve() : reject(error),
    );
  });
}
