import type { RunEvent } from '../mirror/run.ts';

/** A step of one image. */
export interface StepTime {
  readonly step: 'discover' | 'verify' | 'copy';
  /** Since the run started. */
  readonly startMs: number;
  readonly durationMs: number;
}

/** What was seen of one image while the run went on. */
interface Seen {
  readonly begun: { readonly step: StepTime['step']; readonly at: number }[];
  endedAt?: number;
  size?: number;
}

/** Listens to a run and remembers when each image went through which step. */
export class StepTimes {
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #seen = new Map<string, Seen>();

  /** @param now - milliseconds since the epoch; the run starts now */
  constructor(now: () => number) {
    this.#now = now;
    this.#startedAt = now();
  }

  /** When the run started. */
  get startedAt(): number {
    return this.#startedAt;
  }

  onEvent(event: RunEvent): void {
    switch (event.type) {
      case 'started':
        break;
      case 'step':
        this.#of(event.image).begun.push({ step: event.step, at: this.#now() });
        break;
      case 'progress':
        this.#of(event.image).size = event.progress.totalBytes;
        break;
      case 'finished':
        // A second time for an image that the target lost afterwards: its steps ended at the first.
        this.#of(event.report.image).endedAt ??= this.#now();
        break;
    }
  }

  of(image: string): { readonly steps?: readonly StepTime[]; readonly size?: number } {
    const seen = this.#seen.get(image);
    if (seen === undefined) return {};
    const { begun, size, endedAt = this.#now() } = seen;
    const steps = begun.map(({ step, at }, index) => ({
      step,
      startMs: at - this.#startedAt,
      durationMs: (begun[index + 1]?.at ?? endedAt) - at,
    }));
    return {
      ...(steps.length === 0 ? {} : { steps }),
      ...(size === undefined ? {} : { size }),
    };
  }

  #of(image: string): Seen {
    const seen = this.#seen.get(image) ?? { begun: [] };
    this.#seen.set(image, seen);
    return seen;
  }
}
