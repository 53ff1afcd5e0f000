import { EngineError } from '../../errors.ts';
import type { LogLine } from './container.ts';

const HEADER_BYTES = 8;
const STDERR = 2;
/** A longer line is cut: it is for people. Docker itself splits lines at this length. */
const MAX_LINE_LENGTH = 16 * 1024;
/** Docker's frames hold a line, Podman's too; a bigger one is no frame but something else. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/**
 * The lines of a log as the engine sends it: frames of an 8-byte header (stream, three zeros,
 * length) and a piece of text that begins with its time.
 * (docs.docker.com/engine/api, "Attach to a container", stream format.)
 */
export async function* logLines(stream: AsyncIterable<Buffer>): AsyncGenerator<LogLine> {
  const partial: Record<LogLine['stream'], LogLine | undefined> = {
    stdout: undefined,
    stderr: undefined,
  };
  for await (const { stream: name, text } of frames(stream)) {
    // A long line comes in several frames, each with its time; only the last has the line end.
    const isWhole = text.endsWith('\n');
    const line = joined(partial[name], timed(name, isWhole ? text.slice(0, -1) : text));
    partial[name] = isWhole ? undefined : line;
    if (isWhole) yield line;
  }
  for (const line of Object.values(partial)) if (line !== undefined) yield line;
}

/** The lines of a log of a container with a terminal, which has no frames and one stream. */
export async function* terminalLines(lines: AsyncIterable<string>): AsyncGenerator<LogLine> {
  for await (const line of lines) yield timed('stdout', line.replace(/\r$/, ''));
}

async function* frames(
  stream: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly stream: LogLine['stream']; readonly text: string }> {
  let buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + buffer.readUInt32BE(4);
      if (end > MAX_FRAME_BYTES) {
        throw new EngineError(
          'ENGINE_REFUSED',
          'the log of the container is not in frames, as an engine sends it',
        );
      }
      if (buffer.length < end) break;
      yield {
        stream: buffer[0] === STDERR ? 'stderr' : 'stdout',
        text: buffer.toString('utf8', HEADER_BYTES, end),
      };
      buffer = buffer.subarray(end);
    }
  }
}

function timed(stream: LogLine['stream'], text: string): LogLine {
  const space = text.indexOf(' ');
  const at = Date.parse(text.slice(0, space));
  return Number.isNaN(at)
    ? { stream, at: 0, text: cut(text) }
    : { stream, at, text: cut(text.slice(space + 1)) };
}

function joined(first: LogLine | undefined, next: LogLine): LogLine {
  return first === undefined ? next : { ...first, text: cut(first.text + next.text) };
}

function cut(text: string): string {
  return text.length > MAX_LINE_LENGTH ? `${text.slice(0, MAX_LINE_LENGTH)}…` : text;
}
