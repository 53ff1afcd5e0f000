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
  /** Interleaved rounds; the long ones get fewer. */
  readonly rounds: number;
  /** Contenders that take minutes: they run in the first round only. */
  readonly once?: readonly ContenderName[];
}

const LOOPBACK = { delayMs: 0, tls: false, warm: false, rounds: 5 } as const;
const FAR = { delayMs: 30, tls: false, warm: false, rounds: 5 } as const;

export const CASES: readonly Case[] = [
  {
    ...LOOPBACK,
    id: 'a',
    title: 'a, loopback, cold',
    corpus: 'a',
    contenders: ['mirror', 'floor', 'skopeoSync', 'skopeo4', 'crane4', 'regsync'],
  },
  {
    ...LOOPBACK,
    id: 'a-tls',
    title: 'a, loopback, TLS, cold',
    corpus: 'a',
    tls: true,
    contenders: ['mirror', 'skopeoSync', 'skopeo4', 'crane4', 'regsync'],
  },
  {
    ...FAR,
    id: 'a-far',
    title: 'a, 30 ms, cold',
    corpus: 'a',
    contenders: ['mirror', 'skopeoSync', 'skopeo4', 'crane4', 'regsync'],
    rounds: 3,
  },
  {
    ...FAR,
    id: 'a-far-warm',
    title: 'a, 30 ms, nothing to do',
    corpus: 'a',
    warm: true,
    contenders: ['mirror', 'skopeoSync', 'skopeo4', 'crane4', 'regsync'],
  },
  {
    ...LOOPBACK,
    id: 'b',
    title: 'b, loopback, cold',
    corpus: 'b',
    contenders: ['mirror', 'floor', 'skopeoSync', 'crane4', 'regsync'],
    rounds: 3,
  },
  {
    ...LOOPBACK,
    id: 'b-tls',
    title: 'b, loopback, TLS, cold',
    corpus: 'b',
    tls: true,
    contenders: ['mirror', 'skopeoSync', 'crane4', 'regsync'],
    rounds: 3,
  },
  {
    ...LOOPBACK,
    id: 'c',
    title: 'c, loopback, cold',
    corpus: 'c',
    contenders: ['mirror', 'skopeoSync', 'skopeo16', 'crane16', 'regsync'],
    rounds: 3,
  },
  {
    ...FAR,
    id: 'c100-far',
    title: 'c100, 30 ms, cold',
    corpus: 'c100',
    contenders: ['mirror', 'skopeoSync', 'skopeo16', 'crane16', 'regsync'],
    rounds: 3,
    once: ['skopeoSync'],
  },
  {
    ...FAR,
    id: 'c-far-warm',
    title: 'c, 30 ms, nothing to do',
    corpus: 'c',
    warm: true,
    contenders: ['mirror', 'skopeoSync', 'skopeo16', 'crane16', 'regsync'],
    rounds: 3,
    once: ['skopeoSync'],
  },
];
