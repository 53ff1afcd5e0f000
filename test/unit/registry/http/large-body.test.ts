import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LARGE_BYTES, shortenBody } from '../../../../src/registry/http/large-body.ts';

const LENGTH = LARGE_BYTES + 5;

function answer(...lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\nfirst bytes`, 'latin1');
}

test('a large body is taken out, and the parser is told of one byte', () => {
  const large = shortenBody(
    answer('HTTP/1.1 200 OK', 'Server: x', `content-length:  ${LENGTH} `, 'ETag: "ü"'),
  );
  assert(large);
  assert.equal(large.bodyBytes, LENGTH);
  assert.equal(large.body.toString(), 'first bytes');
  assert.equal(large.end.byteLength, 1);
  assert.deepEqual(large.head.toString('latin1').split('\r\n').toSorted(), [
    '',
    '',
    'Content-Length: 1',
    'ETag: "ü"',
    'HTTP/1.1 200 OK',
    'Server: x',
  ]);
});

test('a part of a blob is one too', () => {
  const bytes = answer('HTTP/1.1 206 Partial Content', `Content-Length: ${LENGTH}`);
  assert.equal(shortenBody(bytes)?.bodyBytes, LENGTH);
});

test('everything else is left to the parser', () => {
  const length = `Content-Length: ${LENGTH}`;
  const others: Readonly<Record<string, readonly string[]>> = {
    small: ['HTTP/1.1 200 OK', `Content-Length: ${LARGE_BYTES - 1}`],
    'without a length': ['HTTP/1.1 200 OK', 'Connection: close'],
    chunked: ['HTTP/1.1 200 OK', length, 'Transfer-Encoding: chunked'],
    'chunked, with a space': ['HTTP/1.1 200 OK', length, 'transfer-encoding : chunked'],
    'with two lengths': ['HTTP/1.1 200 OK', length, `Content-Length: ${LENGTH + 1}`],
    'with the same length twice': ['HTTP/1.1 200 OK', length, length],
    'with a length that is none': ['HTTP/1.1 200 OK', `Content-Length: ${LENGTH}, ${LENGTH}`],
    'with one length and a list': ['HTTP/1.1 200 OK', length, 'Content-Length: 5, 5'],
    folded: ['HTTP/1.1 200 OK', 'Content-Length:', ` ${LENGTH}`],
    interim: ['HTTP/1.1 100 Continue', length],
    'a failure': ['HTTP/1.1 500 Internal Server Error', length],
    'a redirect': ['HTTP/1.1 307 Temporary Redirect', length],
    'of an older protocol': ['HTTP/1.0 200 OK', length],
  };
  for (const [name, lines] of Object.entries(others)) {
    assert.equal(shortenBody(answer(...lines)), undefined, name);
  }
});

test('a head that is not there in full is left to the parser', () => {
  const bytes = answer('HTTP/1.1 200 OK', `Content-Length: ${LENGTH}`);
  assert.equal(shortenBody(bytes.subarray(0, bytes.indexOf('\r\n\r\n') + 3)), undefined);
});
