import { invalid } from './reject.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws SignatureError */
export function parseJsonObject(text: string | Uint8Array, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(typeof text === 'string' ? text : decodeUtf8(text));
  } catch (error) {
    throw invalid(`${what} is not JSON`, error);
  }
  if (!isJsonObject(value)) throw invalid(`${what} is not a JSON object`);
  return value;
}

/** The member of that name as an object; an empty one where there is none. */
export function objectAt(object: JsonObject, key: string): JsonObject {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return isJsonObject(value) ? value : {};
}

/**
 * Decodes base64 as its RFC has it. `Buffer.from` skips what it does not know, so that many texts
 * would stand for the same bytes.
 *
 * @throws SignatureError
 */
export function decodeBase64(text: unknown, what: string): Buffer<ArrayBuffer> {
  if (typeof text === 'string') {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') === text) return bytes;
  }
  throw invalid(`${what} is not base64`);
}

/** @throws TypeError the bytes are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** Whether a value is an object and no list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
