import type { TestContext } from 'node:test';
import {
  refusal,
  startScripted,
  type ScriptedAnswer,
  type SeenRequest,
} from '../scripted-server.ts';

/**
 * How a registry is disposed. `locked`: the credential does not count any more, so that the registry
 * itself refuses. `busy`: asks for patience, for a moment or for longer than anybody has.
 */
export type Mood = 'open' | 'locked' | 'busy' | 'busy for hours';

/** A real registry behind a door that can be shut, to everybody or to the container engine alone. */
export interface RegistryGate {
  /** `127.0.0.1:41234` */
  readonly host: string;
  readonly requests: readonly SeenRequest[];
  shut(mood: Mood, whom?: 'everybody' | 'the engine'): void;
}

/** What is about one connection alone, and not about what is carried. */
const HOP_BY_HOP = new Set(['connection', 'content-length', 'host', 'transfer-encoding']);
/** Our own client; engines call themselves otherwise. */
const OWN_AGENT = /^sdr-orchestrator/;

/** @param url - the registry's base URL */
export async function openRegistryGate(t: TestContext, url: string): Promise<RegistryGate> {
  let mood: Mood = 'open';
  let spared = false;
  const server = await startScripted(t, async (request) => {
    const isSpared = spared && OWN_AGENT.test(request.headers['user-agent'] ?? '');
    return answer(url, request, isSpared ? 'open' : mood);
  });
  return {
    host: server.host,
    requests: server.requests,
    shut(next, whom = 'everybody') {
      mood = next;
      spared = whom === 'the engine';
    },
  };
}

async function answer(url: string, request: SeenRequest, mood: Mood): Promise<ScriptedAnswer> {
  if (mood === 'busy' || mood === 'busy for hours') {
    const { headers, ...busy } = refusal(
      429,
      'TOOMANYREQUESTS',
      'You have reached your pull rate limit.',
    );
    return { ...busy, headers: { ...headers, 'retry-after': mood === 'busy' ? '1' : '7200' } };
  }
  const { method, path } = request;
  const headers = Object.entries(request.headers).filter(
    ([name]) => !HOP_BY_HOP.has(name) && (name !== 'authorization' || mood !== 'locked'),
  ) as [string, string][];
  const response = await fetch(`${url}${path}`, { method, headers, redirect: 'manual' });
  const kept = [...response.headers].filter(([name]) => !HOP_BY_HOP.has(name));
  const length = response.headers.get('content-length');
  return {
    status: response.status,
    headers: {
      ...Object.fromEntries(kept),
      ...(method === 'HEAD' && length !== null ? { 'content-length': length } : {}),
    },
    body: new Uint8Array(await response.arrayBuffer()),
  };
}
