import { draw, drawFrom, drawWeighted } from './draw.ts';
import {
  RETRY_AFTER,
  type Fault,
  type FaultKind,
  type FaultyRequest,
  type NameFault,
  type RetryAfter,
  type Role,
} from './fault.ts';

/** A fault that was done, and to what. */
export interface Injected {
  readonly request: string;
  readonly fault: Fault | NameFault;
}

const KINDS: readonly [FaultKind, ...FaultKind[]] = [
  'latency',
  'dribble',
  'reset',
  'truncate',
  'corrupt',
  'limit',
  'error',
  'expire',
  'stall',
  'redirect',
  'dns',
];

/** Kinds that can go on for ever: each is one way to keep a run from ending. */
const ENDLESS = ['stall', 'limit', 'error', 'reset', 'expire', 'redirect'] as const;
const ROLES: readonly [Role, ...Role[]] = ['source', 'target', 'token', 'releases', 'map'];

/** From some request on, one server does nothing but this. */
interface Storm {
  readonly role: Role;
  readonly kind: FaultKind;
  readonly from: number;
}

/**
 * What goes wrong, decided by a seed. A third of the schedules do one kind of harm much, others a
 * little of everything, and every eighth has a server that never recovers.
 */
export class Schedule {
  readonly seed: number;
  readonly storm: Storm | undefined;
  readonly injected: Injected[] = [];
  readonly #rate: number;
  readonly #focus: FaultKind | undefined;
  readonly #seen = new Map<string, number>();
  #asked = new Map<Role, number>();
  #isOver = false;

  constructor(seed: number) {
    this.seed = seed;
    const isFocused = seed % 3 === 0;
    this.#focus = isFocused ? KINDS[Math.floor(seed / 3) % KINDS.length] : undefined;
    this.#rate = isFocused ? 0.03 + draw(seed, 'rate') * 0.25 : 0.01 + draw(seed, 'rate') * 0.12;
    this.storm =
      seed % 8 === 7
        ? {
            role: drawFrom(seed, 'storm role', ROLES),
            kind: drawFrom(seed, 'storm kind', ENDLESS),
            from: Math.floor(draw(seed, 'storm from') * 20),
          }
        : undefined;
  }

  /** From here on nothing goes wrong any more. */
  end(): void {
    this.#isOver = true;
  }

  /** How this request fares. */
  faultFor(role: Role, method: string, path: string): Fault | undefined {
    const request = this.#count(role, method, path);
    if (this.#isOver) return undefined;
    const name = `${role} ${method} ${path} #${request.occurrence}`;
    const kind = this.#kindFor(request, name);
    if (kind === undefined || kind === 'dns') return undefined;
    const fault = makeFault(this.seed, kind, request, name);
    if (fault !== undefined) this.injected.push({ request: name, fault });
    return fault;
  }

  /** How the question for a host's address fares. */
  nameFaultFor(host: string): NameFault | undefined {
    const { occurrence } = this.#count('source', 'LOOKUP', host);
    if (this.#isOver) return undefined;
    const name = `lookup ${host} #${occurrence}`;
    const rate = this.#focus === 'dns' ? 0.5 : this.#focus === undefined ? this.#rate / 2 : 0;
    if (draw(this.seed, name) >= rate) return undefined;
    const code = drawFrom(this.seed, `${name} code`, ['ENOTFOUND', 'EAI_AGAIN'] as const);
    const fault: NameFault = { kind: 'dns', code };
    this.injected.push({ request: name, fault });
    return fault;
  }

  #count(role: Role, method: string, path: string): FaultyRequest {
    const name = `${role} ${method} ${path}`;
    const occurrence = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, occurrence);
    if (method !== 'LOOKUP') this.#asked.set(role, (this.#asked.get(role) ?? 0) + 1);
    return { role, method, path, occurrence };
  }

  #kindFor({ role }: FaultyRequest, name: string): FaultKind | undefined {
    const { storm, seed } = this;
    if (storm?.role === role && (this.#asked.get(role) ?? 0) > storm.from) return storm.kind;
    if (draw(seed, name) >= this.#rate) return undefined;
    if (this.#focus !== undefined) return this.#focus;
    return drawWeighted(
      seed,
      `${name} kind`,
      KINDS.map((value) => ({ value, weight: draw(seed, `weight of ${value}`) ** 2 })),
    );
  }
}

/** @returns `undefined` where this kind cannot be done to such a request */
function makeFault(
  seed: number,
  kind: Fault['kind'],
  { role, method, path }: FaultyRequest,
  name: string,
): Fault | undefined {
  const fraction = draw(seed, `${name} fraction`);
  const coin = draw(seed, `${name} coin`) < 0.5;
  const retryAfter: RetryAfter =
    draw(seed, `${name} day`) < 0.01 ? 'a day' : drawFrom(seed, `${name} retry`, RETRY_AFTER);
  const isRegistry = role === 'source' || role === 'target';
  const isRead = method === 'GET';
  // Whoever speaks TLS is safe from harm of this kind; content with a digest has to be without it.
  const isAddressed = isRegistry && (path.includes('/blobs/') || path.includes('/manifests/'));
  switch (kind) {
    case 'latency':
      return { kind, ms: Math.floor(fraction * 300) };
    case 'dribble':
      return { kind, pieces: 2 + Math.floor(fraction * 20) };
    case 'reset': {
      const at = coin ? 'request' : 'reply';
      return { kind, at, fraction, abrupt: draw(seed, `${name} abrupt`) < 0.5 };
    }
    case 'truncate':
      return isRead && (isAddressed || role === 'releases') ? { kind, fraction } : undefined;
    case 'corrupt':
      if (isAddressed && isRead) return { kind, at: 'reply', fraction };
      // A manifest under a tag may be changed into another one that is as good.
      return isAddressed && method !== 'HEAD' && path.includes('/uploads/')
        ? { kind, at: 'request', fraction }
        : undefined;
    case 'limit': {
      const shape = drawFrom(seed, `${name} shape`, ['status', 'code', 'page'] as const);
      // Of the marketplace and the stores only what HTTP itself says is known.
      return { kind, shape: isRegistry || role === 'token' ? shape : 'status', retryAfter };
    }
    case 'error': {
      const status = drawFrom(seed, `${name} status`, [500, 502, 503, 504] as const);
      return { kind, status, after: coin, retryAfter: isRegistry ? retryAfter : 'absent' };
    }
    case 'expire':
      return role === 'target' ? { kind } : undefined;
    case 'stall': {
      const when = drawFrom(seed, `${name} when`, ['before', 'after', 'middle'] as const);
      return { kind, when };
    }
    case 'redirect': {
      if (!isRegistry || (!isRead && method !== 'HEAD')) return undefined;
      const to = drawFrom(seed, `${name} to`, ['same', 'other', 'trap', 'circle'] as const);
      return { kind, to };
    }
  }
}
