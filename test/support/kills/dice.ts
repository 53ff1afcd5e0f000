/** Choices that depend on a seed alone, so that a round can be played again. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds are to begin far apart.
    this.#state = Math.imul(seed, 0x9e_37_79_b1) >>> 0;
  }

  /** In [0, 1). The generator is mulberry32. */
  fraction(): number {
    this.#state = (this.#state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  pick<Choice>(choices: readonly [Choice, ...Choice[]]): Choice {
    return choices[this.whole(0, choices.length - 1)] ?? choices[0];
  }
}

/** Which rounds to play: `SDR_MIRROR_KILL_SEEDS` of them from `SDR_MIRROR_KILL_SEED` on; else what a test plays in CI. */
export function seeds(usual: number): readonly number[] {
  const first = Number(process.env['SDR_MIRROR_KILL_SEED'] ?? 1);
  const count = Number(process.env['SDR_MIRROR_KILL_SEEDS'] ?? usual);
  return Array.from({ length: count }, (_, index) => first + index);
}
