import { draw, drawFrom } from './draw.ts';
import { RETRY_AFTER, type Fault, type FaultyRequest, type RetryAfter } from './fault.ts';

export interface FaultWish {
  readonly seed: number;
  readonly request: FaultyRequest;
  /** The request, as numbers are drawn for it. */
  readonly name: string;
  /** Nothing that a job cannot get over by itself. */
  readonly isMild: boolean;
}

/** @returns `undefined` where this kind cannot be done to such a request */
export function makeFault(kind: Fault['kind'], wish: FaultWish): Fault | undefined {
  return MAKERS[kind](wish);
}

type Maker = (wish: FaultWish) => Fault | undefined;

const MAKERS: Readonly<Record<Fault['kind'], Maker>> = {
  latency: (wish) => ({ kind: 'latency', ms: Math.floor(fractionOf(wish) * 300) }),
  dribble: (wish) => ({ kind: 'dribble', pieces: 2 + Math.floor(fractionOf(wish) * 20) }),
  reset: (wish) => ({
    kind: 'reset',
    at: flips(wish) ? 'request' : 'reply',
    fraction: fractionOf(wish),
    abrupt: draw(wish.seed, `${wish.name} abrupt`) < 0.5,
  }),
  truncate: (wish) => {
    const { role, method } = wish.request;
    const isRead = method === 'GET' && (isAddressed(wish) || role === 'releases');
    return isRead ? { kind: 'truncate', fraction: fractionOf(wish) } : undefined;
  },
  corrupt: (wish) => {
    if (!isAddressed(wish)) return undefined;
    const { method, path } = wish.request;
    const fraction = fractionOf(wish);
    if (method === 'GET') return { kind: 'corrupt', at: 'reply', fraction };
    // A manifest under a tag may be changed into another one that is as good.
    const isUpload = method !== 'HEAD' && path.includes('/uploads/');
    return isUpload ? { kind: 'corrupt', at: 'request', fraction } : undefined;
  },
  limit: (wish) => {
    const shapes = ['status', 'code', 'page'] as const;
    const shape = drawFrom(wish.seed, `${wish.name} shape`, shapes);
    const { role } = wish.request;
    // Of the marketplace and the stores only what HTTP itself says is known.
    const isKnown = isRegistry(wish) || role === 'token';
    return { kind: 'limit', shape: isKnown ? shape : 'status', retryAfter: retryAfterOf(wish) };
  },
  error: (wish) => ({
    kind: 'error',
    status: drawFrom(wish.seed, `${wish.name} status`, [500, 502, 503, 504] as const),
    after: flips(wish),
    retryAfter: isRegistry(wish) ? retryAfterOf(wish) : 'absent',
  }),
  expire: ({ request }) => (request.role === 'target' ? { kind: 'expire' } : undefined),
  stall: ({ seed, name }) => ({
    kind: 'stall',
    when: drawFrom(seed, `${name} when`, ['before', 'after', 'middle'] as const),
  }),
  redirect: (wish) => {
    const { seed, name, isMild, request } = wish;
    if (!isRegistry(wish) || (request.method !== 'GET' && request.method !== 'HEAD')) {
      return undefined;
    }
    const to = drawFrom(seed, `${name} to`, ['same', 'other'] as const);
    const astray = drawFrom(seed, `${name} astray`, ['trap', 'circle'] as const);
    return { kind: 'redirect', to: isMild || flips(wish) ? to : astray };
  },
};

function fractionOf({ seed, name }: FaultWish): number {
  return draw(seed, `${name} fraction`);
}

function flips({ seed, name }: FaultWish): boolean {
  return draw(seed, `${name} coin`) < 0.5;
}

function retryAfterOf({ seed, name, isMild }: FaultWish): RetryAfter {
  if (!isMild && draw(seed, `${name} day`) < 0.01) return 'a day';
  return drawFrom(seed, `${name} retry`, RETRY_AFTER);
}

function isRegistry({ request: { role } }: FaultWish): boolean {
  return role === 'source' || role === 'target';
}

/** Whoever speaks TLS is safe from changed bytes; content with a digest has to be without it. */
function isAddressed(wish: FaultWish): boolean {
  const { path } = wish.request;
  return isRegistry(wish) && (path.includes('/blobs/') || path.includes('/manifests/'));
}
