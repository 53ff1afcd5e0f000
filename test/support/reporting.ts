import { createLogger, type LogRecord } from '../../src/log.ts';
import type { RunReport } from '../../src/mirror/report.ts';
import { Reporter, type ReporterOptions } from '../../src/reports/reporter.ts';
import { emptyReport } from '../../src/reports/run-record.ts';
import type { ReportPlaces } from '../../src/reports/settings.ts';
import type { ProvableMapStore, ScratchMapStore } from '../../src/stores/map-store.ts';
import { MemoryMapStore } from '../fakes/memory-map-store.ts';

/** A run that is over: when it began, and what is special about its report. */
export interface PastRun {
  readonly startedAt: string;
  readonly failed?: boolean;
  readonly exitCode?: number;
  readonly report?: Partial<RunReport>;
  readonly error?: unknown;
}

/** The runs of one job, one after another, each of which leaves its reports. */
export class ReportingJob {
  readonly log: LogRecord[] = [];
  /** What lies beside the map. */
  readonly beside: MemoryMapStore = new MemoryMapStore();
  readonly store: ProvableMapStore;
  readonly #options: Partial<Omit<ReporterOptions, 'report'>>;
  readonly #places: ReportPlaces;

  constructor(
    places: Partial<ReportPlaces>,
    options: Partial<Omit<ReporterOptions, 'report'>> = {},
  ) {
    const scratch: ScratchMapStore = Object.assign(this.beside, {
      remove: () => Promise.reject(new Error('nobody removes a report')),
    });
    this.store = Object.assign(new MemoryMapStore(), { scratch: () => scratch });
    this.#places = { besideMap: false, ...places };
    this.#options = options;
  }

  /** Lets a run end, after a second; gives the lines of the log that it wrote. */
  async end(run: PastRun): Promise<readonly LogRecord[]> {
    const { startedAt, failed = false, exitCode = failed ? 3 : 0 } = run;
    const before = this.log.length;
    const reporter = new Reporter({
      report: this.#places,
      notify: undefined,
      store: this.store,
      version: '0.1.0',
      env: {},
      logger: createLogger((record) => this.log.push(record)),
      now: () => Date.parse(startedAt),
      ...this.#options,
    });
    const report = emptyReport({
      startedAt,
      durationMs: 1000,
      interrupted: false,
      until: 'publish',
      verify: 'enforce',
      releases: 'a file',
      map: this.store.location,
    });
    const { error } = run;
    await reporter.leave({
      report: { ...report, ...run.report },
      failed,
      exitCode,
      ...(error === undefined ? {} : { error }),
    });
    return this.log.slice(before);
  }
}
