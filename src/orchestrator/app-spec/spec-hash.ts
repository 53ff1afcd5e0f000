import { createHash } from 'node:crypto';
import { Secret } from '../../secret.ts';
import type { ContainerSpec } from '../engine/container-spec.ts';

/**
 * A text that is equal for containers made alike, whatever they are called and whichever command
 * made them. It says nothing of the image, whose digest is known beside it.
 */
export function specHash(spec: ContainerSpec): string {
  const { name: _name, labels: _labels, image: _image, ...rest } = spec;
  return createHash('sha256').update(canonical(rest)).digest('hex').slice(0, 32);
}

/** JSON in one order, secrets in plain sight: a changed password is a change. */
function canonical(value: unknown): string {
  if (value instanceof Secret) return JSON.stringify({ secret: value.reveal() });
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
}
