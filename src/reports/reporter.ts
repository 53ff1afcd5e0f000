import { errorMessage, MirrorError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { RunEvent } from '../mirror/run.ts';
import type { Options } from '../options.ts';
import type { Environment } from '../registry/http/agents.ts';
import type { ProvableMapStore } from '../stores/map-store.ts';
import { ReportBesideMap } from './beside-map.ts';
import { metricsFile, readEarlierRun, recordFile, type Memory } from './earlier-run.ts';
import { renderMetrics } from './metrics.ts';
import { notification } from './notify/parcel.ts';
import { renderPage } from './page/page.ts';
import { pushgatewayParcel } from './pushgateway.ts';
import { recordRun, type EndedRun, type RunRecord } from './run-record.ts';
import { send, type SendLimits } from './send.ts';
import type { NotifySettings, ReportPlaces } from './settings.ts';
import { StepTimes } from './step-times.ts';
import { writeFileInOneStep } from './write-file.ts';

export interface ReporterOptions {
  readonly report: ReportPlaces;
  readonly notify: NotifySettings | undefined;
  /** The store of the map. Needed for what is kept beside it. */
  readonly store: ProvableMapStore;
  /** Which of several runs that share the work. */
  readonly part?: string;
  readonly version: string;
  readonly env: Environment;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly limits?: Partial<SendLimits> & Partial<ReporterLimits>;
}

export interface ReporterLimits {
  /** For everything that goes over a network, together. */
  readonly networkMs: number;
  /** The same after a signal to stop: the process is killed soon after. */
  readonly networkWhenStoppedMs: number;
}

const LIMITS: ReporterLimits = { networkMs: 30_000, networkWhenStoppedMs: 1500 };

/**
 * Watches one run and leaves its reports. None of them can change how the run ended: what cannot be
 * written or sent is a warning in the log.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #times: StepTimes;

  /** The run starts now. */
  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#times = new StepTimes(options.now);
  }

  /** When the run started, in milliseconds since the epoch. */
  get startedAt(): number {
    return this.#times.startedAt;
  }

  onEvent(event: RunEvent): void {
    this.#times.onEvent(event);
  }

  /** Writes every report that is asked for and tells whom it should. Never rejects. */
  async leave(ended: EndedRun): Promise<void> {
    const { report: places, version, limits, store, part } = this.#options;
    const { networkMs, networkWhenStoppedMs } = { ...LIMITS, ...limits };
    const ms = ended.report.interrupted ? networkWhenStoppedMs : networkMs;
    const options: Options = { signal: AbortSignal.timeout(ms) };
    await this.#attempt(async () => {
      const beside = places.besideMap ? new ReportBesideMap(store, part) : undefined;
      const earlier = await readEarlierRun(this.#memories(beside, options), this.#options.logger);
      const record = recordRun(ended, { version, times: this.#times, earlier });
      await this.#writeFiles(record);
      await this.#sendOut(record, beside, options);
    });
  }

  #memories(beside: ReportBesideMap | undefined, options: Options): readonly Memory[] {
    const { report, store } = this.#options;
    return [
      ...(report.json === undefined ? [] : [recordFile(report.json, store.location)]),
      ...(beside === undefined ? [] : [beside.memory(options)]),
      ...(report.metrics === undefined ? [] : [metricsFile(report.metrics, store.location)]),
    ];
  }

  async #writeFiles(record: RunRecord): Promise<void> {
    const { json, html, metrics } = this.#options.report;
    for (const [path, render] of [
      [json, renderJson],
      [html, renderPage],
      [metrics, renderMetrics],
    ] as const) {
      if (path === undefined) continue;
      await this.#attempt(async () => writeFileInOneStep(path, render(record)));
    }
  }

  async #sendOut(
    record: RunRecord,
    beside: ReportBesideMap | undefined,
    options: Options,
  ): Promise<void> {
    const { report, notify, store, env, limits } = this.#options;
    const parcels = [
      report.pushgateway === undefined
        ? undefined
        : pushgatewayParcel(report.pushgateway, renderMetrics(record), store.location),
      notify === undefined ? undefined : notification(record, notify),
    ].filter((parcel) => parcel !== undefined);
    const sending = { ...options, env, ...(limits === undefined ? {} : { limits }) };
    await Promise.all([
      ...parcels.map(async (parcel) => this.#attempt(async () => send(parcel, sending))),
      this.#attempt(async () => beside?.write(renderJson(record), options)),
    ]);
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      const code = error instanceof MirrorError ? error.code : undefined;
      this.#options.logger.warn(`a report of this run is missing: ${errorMessage(error)}`, {
        code,
      });
    }
  }
}

/** `report.json`. */
export function renderJson(record: RunRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}
