import { setFlagsFromString } from 'node:v8';

const FLAGS: readonly string[] = [
  // V8 would let its young generation grow to 64 MB, and wait until the old one has doubled: hundreds of tiny
  // images took 176 MB of which 25 were alive, and took 106 MB so.
  '--semi-space-growth-factor=1',
  '--heap-growing-percent=60',
  // A run waits for registries. What its code costs unoptimised it saves in compiling, while the compilers'
  // own memory and their code come to 10 MB (layers) or 18 MB (hundreds of tiny images).
  '--no-opt',
  '--no-maglev',
];

/**
 * Trades some processor time, where the registries are what everybody waits for, for memory. V8 reads these
 * flags whenever it is about to do what they say, so that they may be set late; an environment variable
 * could set none of them, and a first line with options is not portable.
 */
export function keepHeapSmall(): void {
  for (const flag of FLAGS) setFlagsFromString(flag);
}
