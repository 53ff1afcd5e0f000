import type { IncomingHttpHeaders } from 'node:http';

/** A request as handlers and fault hooks see it. */
export interface RegistryRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/** What the registry answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Closes the connection after so many bytes of the body, with the full length announced. */
  readonly cutAfter?: number;
  /** Says nothing more after so many bytes of the body, for ever. */
  readonly stallAfter?: number;
}

/** Takes so many bytes of the request's body, keeps them if it can, and closes the connection. */
export interface CutRequest {
  readonly cutRequestAfter: number;
}

/** The body of a request; `complete` is false if the connection was closed before its end. */
export interface RequestBody {
  readonly bytes: Uint8Array;
  readonly complete: boolean;
}

/** An error answer in the form of the distribution specification. */
export function errorAnswer(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return jsonAnswer(status, { errors: [{ code, message }] }, headers);
}

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}
