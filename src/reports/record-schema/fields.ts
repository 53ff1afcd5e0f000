import * as v from 'valibot';
import type { Digest } from '../../registry/reference.ts';

type Field<Output> = v.GenericSchema<unknown, Output>;

export function text(description: string): Field<string> {
  return v.pipe(v.string(), v.description(description));
}

/** ISO 8601, in UTC. */
export function time(description: string): Field<string> {
  return v.pipe(v.string(), v.isoTimestamp(), v.description(`${description} ISO 8601.`));
}

export function count(description: string): Field<number> {
  return v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description));
}

export function bytes(description: string): Field<number> {
  return count(description);
}

export function milliseconds(description: string): Field<number> {
  return v.pipe(v.number(), v.minValue(0), v.description(`${description} Milliseconds.`));
}

export function digest(description: string): Field<Digest> {
  return v.pipe(
    v.string(),
    v.regex(/^sha256:[0-9a-f]{64}$/),
    v.description(description),
    v.transform((value) => value as Digest),
  );
}
