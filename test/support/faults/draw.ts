import { createHash } from 'node:crypto';

/**
 * A number that depends on a seed and a name alone, and not on what was drawn before: whatever order
 * requests come in, each meets the same fault again.
 *
 * @returns at least 0, below 1
 */
export function draw(seed: number, name: string): number {
  const digest = createHash('sha256').update(`${seed} ${name}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** One of these. */
export function drawFrom<T>(seed: number, name: string, choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(draw(seed, name) * choices.length)] ?? choices[0];
}

/** One of these, by its weight. */
export function drawWeighted<T>(
  seed: number,
  name: string,
  choices: readonly { readonly value: T; readonly weight: number }[],
): T | undefined {
  const all = choices.reduce((sum, { weight }) => sum + weight, 0);
  let left = draw(seed, name) * all;
  for (const { value, weight } of choices) {
    left -= weight;
    if (left < 0) return value;
  }
  return choices.at(-1)?.value;
}
