/** Longer than any that means something; a program may write without ever ending a line. */
const MAX_LINE_LENGTH = 1024 * 1024;

/**
 * The lines of a stream, those that are not blank; a last line without its end is given too. A line that is
 * too long is cut.
 */
export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const [end = '', ...lines] = decoder.decode(chunk, { stream: true }).split('\n');
    rest = joined(rest, end);
    for (const line of lines) {
      if (rest.trim() !== '') yield rest;
      rest = joined('', line);
    }
  }
  rest = joined(rest, decoder.decode());
  if (rest.trim() !== '') yield rest;
}

function joined(line: string, more: string): string {
  const room = MAX_LINE_LENGTH - line.length;
  return more.length > room ? line + more.slice(0, room) : line + more;
}
