import { draw, drawFrom, drawWeighted } from './draw.ts';
import { makeFault } from './make-fault.ts';
import {
  type Fault,
  type FaultKind,
  type FaultyRequest,
  type NameFault,
  type Removal,
  type Role,
} from './fault.ts';

/** A fault that was done, and to what. */
export interface Injected {
  readonly request: string;
  readonly fault: Fault | NameFault | Removal;
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

/** What a job should get over by itself, as long as there is not too much of it. */
const MILD: ReadonlySet<FaultKind> = new Set([
  'latency',
  'dribble',
  'reset',
  'limit',
  'error',
  'expire',
  'stall',
  'redirect',
]);

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
 * What goes wrong, decided by a seed. A third of the schedules do one kind of harm much, a third little
 * of what a job should get over, a third something of everything, every eighth has a server that never
 * recovers, and in every fourth somebody removes images at the target.
 */
export class Schedule {
  readonly seed: number;
  readonly storm: Storm | undefined;
  readonly injected: Injected[] = [];
  readonly #rate: number;
  readonly #focus: FaultKind | undefined;
  readonly #isMild: boolean;
  readonly #seen = new Map<string, number>();
  readonly #asked = new Map<Role, number>();
  #isOver = false;

  constructor(seed: number) {
    this.seed = seed;
    const isFocused = seed % 3 === 0;
    this.#isMild = seed % 3 === 1;
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
    const fault = makeFault(kind, { seed: this.seed, request, name, isMild: this.#isMild });
    if (fault !== undefined) this.injected.push({ request: name, fault });
    return fault;
  }

  /** How the question for a host's address fares. */
  nameFaultFor(host: string): NameFault | undefined {
    const { occurrence } = this.#count('source', 'LOOKUP', host);
    if (this.#isOver) return undefined;
    const name = `lookup ${host} #${occurrence}`;
    const isAny = this.#focus === undefined && !this.#isMild;
    const rate = this.#focus === 'dns' ? 0.5 : isAny ? this.#rate / 2 : 0;
    if (draw(this.seed, name) >= rate) return undefined;
    const code = drawFrom(this.seed, `${name} code`, ['ENOTFOUND', 'EAI_AGAIN'] as const);
    const fault: NameFault = { kind: 'dns', code };
    this.injected.push({ request: name, fault });
    return fault;
  }

  /** Whether somebody removes an image at the target at this instant. */
  removes(image: string, when: Removal['when']): boolean {
    if (this.#isOver || this.seed % 4 !== 2) return false;
    // What the map must not name comes up most; some images are left alone.
    const instants = ['written', 'written', 'shown', 'never'] as const;
    if (drawFrom(this.seed, `removal of ${image}`, instants) !== when) return false;
    this.injected.push({ request: image, fault: { kind: 'removal', when } });
    return true;
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
      KINDS.filter((value) => !this.#isMild || MILD.has(value)).map((value) => ({
        value,
        weight: draw(seed, `weight of ${value}`) ** 2,
      })),
    );
  }
}
