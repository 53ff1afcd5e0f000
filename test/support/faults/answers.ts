import { STATUS_CODES, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { retryAfterHeader, type Fault } from './fault.ts';
import type { WholeAnswer } from './upstream.ts';

/** What a limit looks like from outside. */
export function limitAnswer(
  { shape, retryAfter }: Extract<Fault, { kind: 'limit' }>,
  now: number,
): WholeAnswer {
  const value = retryAfterHeader(retryAfter, now);
  const headers = value === undefined ? {} : { 'retry-after': value };
  if (shape === 'page') {
    const page = '<html><title>429</title><body>Too Many Requests</body></html>';
    return answer(403, page, { ...headers, 'content-type': 'text/html' });
  }
  const text = JSON.stringify({ errors: [{ code: 'TOOMANYREQUESTS', message: 'slow down' }] });
  return answer(shape === 'status' ? 429 : 403, text, {
    ...headers,
    'content-type': 'application/json',
  });
}

export function errorAnswer(
  { status, retryAfter }: Extract<Fault, { kind: 'error' }>,
  now: number,
): WholeAnswer {
  const value = retryAfterHeader(retryAfter, now);
  return answer(status, 'something broke', value === undefined ? {} : { 'retry-after': value });
}

export function answer(
  status: number,
  body: string,
  headers: WholeAnswer['headers'] = {},
): WholeAnswer {
  const bytes = Buffer.from(body);
  return { status, headers: { ...headers, 'content-length': String(bytes.length) }, body: bytes };
}

/** With one bit flipped. */
export function corrupted(bytes: Buffer, fraction: number): Buffer {
  const changed = Buffer.from(bytes);
  const at = Math.min(bytes.length - 1, Math.floor(fraction * bytes.length));
  if (at >= 0) changed[at] = (changed[at] ?? 0) ^ (1 << Math.floor(fraction * 8));
  return changed;
}

/** Fewer bytes, and a length that says so. */
export function truncated(whole: WholeAnswer, fraction: number): WholeAnswer {
  const body = whole.body.subarray(0, Math.floor(fraction * whole.body.length));
  return { ...whole, body, headers: { ...whole.headers, 'content-length': String(body.length) } };
}

/** Sends an answer in so many pieces. */
export async function sendAnswer(
  { status, headers, body }: WholeAnswer,
  response: ServerResponse,
  pieces = 1,
): Promise<void> {
  response.writeHead(status, { ...headers } as Record<string, string | string[]>);
  const size = Math.max(1, Math.ceil(body.length / pieces));
  for (let at = size; at < body.length; at += size) {
    response.write(body.subarray(at - size, at));
    await delay(3);
  }
  const rest = body.subarray(Math.max(0, Math.ceil(body.length / size) - 1) * size);
  response.end(response.req.method === 'HEAD' ? undefined : rest);
}

/** Sends the first part of an answer, from its first byte on, and waits until it is on its way. */
export async function sendPart(
  { status, headers, body }: WholeAnswer,
  response: ServerResponse,
  fraction: number,
): Promise<void> {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((each) => `${name}: ${each}\r\n`),
  );
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`;
  const isBodiless = response.req.method === 'HEAD';
  const raw = Buffer.concat([Buffer.from(head), isBodiless ? Buffer.alloc(0) : body]);
  const part = raw.subarray(0, Math.floor(fraction * raw.length));
  if (part.length === 0 || response.socket === null) return;
  const { socket } = response;
  await new Promise<void>((resolve) => {
    // An error is a client that is gone already.
    socket.write(part, () => resolve());
    socket.once('close', () => resolve());
  });
}
