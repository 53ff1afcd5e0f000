import { errorMessage } from '../../errors.ts';
import { type ExitCode, gravestExitCode } from '../../exit-code.ts';
import { run, type RunOptions, type RunSettings } from '../../mirror/run.ts';
import type { Reporter } from '../../reports/reporter.ts';
import { printable } from '../output/format.ts';
import { reportLines } from '../output/json.ts';
import { progressFor } from '../output/progress.ts';
import { imageLine, summaryText } from '../output/report-text.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';
import { listenForStop } from '../stop.ts';
import type { WiredRun } from '../wire.ts';
import { reportedRun } from './reported-run.ts';

/** A pod gets 30 s from SIGTERM to SIGKILL; the map still has to be published in them. */
const DRAIN_GRACE_MS = 20_000;

export interface RunCommandOptions {
  readonly until: RunSettings['until'];
  /** Whose signatures are accepted, in words: part of a plan. */
  readonly accepted?: readonly string[];
  /** Leaves what the run is to leave behind. */
  readonly reporter?: Reporter | undefined;
}

/** `mirror run`, `mirror run --dry-run` and `mirror plan`: one pass, as far as it is allowed to go. */
export async function runCommand(
  wired: WiredRun,
  terminal: Terminal,
  process: Pick<NodeJS.Process, 'on' | 'off'>,
  { until, accepted = [], reporter }: RunCommandOptions,
): Promise<ExitCode> {
  const display = progressFor(terminal, wired.dependencies.now);
  terminal.aside = (write) => display.print(write);
  const stop = listenForStop(process, {
    graceMs: DRAIN_GRACE_MS,
    onSignal: (again) =>
      terminal.logger.warn(
        again
          ? 'stopping at once'
          : `stopping: no new images; those in flight have ${DRAIN_GRACE_MS / 1000} s, then the map is published`,
      ),
  });
  const onEvent: NonNullable<RunOptions['onEvent']> = (event) => {
    display.onEvent(event);
    if (event.type !== 'finished' || terminal.format !== 'human') return;
    display.print(() => terminal.stdout.write(`${imageLine(event.report, terminal.paint)}\n`));
  };
  try {
    const { report, errors } =
      reporter === undefined
        ? await run(
            wired.dependencies,
            { ...wired.settings, until },
            { signal: stop.signal, drain: stop.drain, onEvent },
          )
        : await reportedRun(wired, reporter, { until, stop, onEvent });
    display.stop();
    const plan = until === 'plan' ? { accepted } : {};
    await writeResult(
      terminal.stdout,
      terminal.format === 'json'
        ? reportLines({ ...report, ...plan })
        : [summaryText(report, terminal.paint), ...(plan.accepted ?? []).map(printable), ''].join(
            '\n',
          ),
    );
    return stop.exitCode() ?? gravestExitCode(errors);
  } catch (error) {
    // Whatever the interruption broke, the interruption is what happened.
    const code = stop.exitCode();
    if (code === undefined) throw error;
    if (error !== stop.drain.reason) terminal.logger.debug(`stopped: ${errorMessage(error)}`);
    return code;
  } finally {
    display.stop();
    stop.dispose();
    terminal.aside = (write) => write();
  }
}
