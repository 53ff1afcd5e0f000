import type { ContenderName } from './contenders.ts';
import type { CorpusName } from './corpora.ts';

/** One situation in which contenders are compared; the first contender is the product. */
export interface Case {
  readonly id: string;
  readonly title: string;
  readonly corpus: CorpusName;
  /** One way, in milliseconds; 0: plain loopback. */
  readonly delayMs: number;
  readonly tls: boolean;
  /** Whether the target holds everything already. */
  readonly warm: boolean;
  readonly contenders: readonly ContenderName[];
  /** Interleaved rounds. */
  readonly rounds: number;
  /** Contenders that take long, or are far behind: they run in the first round only. */
  readonly once: readonly ContenderName[];
  /** Whether requests and bytes are counted as well: they do not depend on distance or TLS. */
  readonly isCounted: boolean;
}

const NEAR = { delayMs: 0, tls: false, warm: false, rounds: 5, isCounted: false } as const;
const FAR = { ...NEAR, delayMs: 30, rounds: 3 } as const;

export const CASES: readonly Case[] = [
  {
    ...NEAR,
    id: 'a',
    title: 'a, loopback, cold',
    corpus: 'a',
    contenders: ['mirror', 'floor', 'skopeoSync', 'skopeo4', 'crane4', 'regsync'],
    once: ['skopeo4', 'crane4', 'regsync'],
    isCounted: true,
  },
  {
    ...NEAR,
    id: 'a-tls',
    title: 'a, loopback, TLS, cold',
    corpus: 'a',
    tls: true,
    contenders: ['mirror', 'skopeoSync', 'skopeo4'],
    once: ['skopeo4'],
  },
  {
    ...FAR,
    id: 'a-far',
    title: 'a, 30 ms, cold',
    corpus: 'a',
    contenders: ['mirror', 'skopeoSync', 'skopeo4', 'crane4', 'regsync'],
    once: ['skopeoSync', 'crane4', 'regsync'],
  },
  {
    ...FAR,
    id: 'a-far-warm',
    title: 'a, 30 ms, nothing to do',
    corpus: 'a',
    warm: true,
    contenders: ['mirror', 'skopeoSync', 'skopeo4', 'crane4', 'regsync'],
    once: ['skopeoSync', 'crane4'],
    isCounted: true,
  },
  {
    ...NEAR,
    id: 'b',
    title: 'b, loopback, cold',
    corpus: 'b',
    contenders: ['mirror', 'floor', 'skopeoSync', 'crane4', 'regsync'],
    once: [],
    isCounted: true,
  },
  {
    ...NEAR,
    id: 'b-tls',
    title: 'b, loopback, TLS, cold',
    corpus: 'b',
    tls: true,
    contenders: ['mirror', 'skopeoSync'],
    once: [],
  },
  {
    ...NEAR,
    id: 'c',
    title: 'c, loopback, cold',
    corpus: 'c',
    contenders: ['mirror', 'skopeoSync', 'skopeo16', 'crane16', 'regsync'],
    once: ['skopeoSync', 'crane16', 'regsync'],
    isCounted: true,
  },
  {
    ...FAR,
    id: 'c100-far',
    title: 'c100, 30 ms, cold',
    corpus: 'c100',
    contenders: ['mirror', 'skopeoSync', 'skopeo16', 'crane16', 'regsync'],
    once: ['skopeoSync', 'crane16', 'regsync'],
  },
  {
    ...FAR,
    id: 'c-far-warm',
    title: 'c, 30 ms, nothing to do',
    corpus: 'c',
    warm: true,
    contenders: ['mirror', 'skopeoSync', 'regsync'],
    once: ['skopeoSync', 'regsync'],
    isCounted: true,
  },
  {
    ...NEAR,
    id: 'signed-a',
    title: 'a, signed, loopback, cold: without signatures, with them, and with verification',
    corpus: 'signed-a',
    contenders: ['mirror', 'mirrorCarrying', 'mirrorVerifying'],
    rounds: 5,
    once: [],
    isCounted: true,
  },
  {
    ...FAR,
    id: 'signed-c100-far',
    title: 'c100, signed, 30 ms, cold: without signatures, with them, and with verification',
    corpus: 'signed-c100',
    contenders: ['mirror', 'mirrorCarrying', 'mirrorVerifying'],
    rounds: 5,
    once: [],
    isCounted: true,
  },
];
