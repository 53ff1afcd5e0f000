import { exitCodeOf, gravestExitCode } from '../../exit-code.ts';
import { run, type RunOptions, type RunResult, type RunSettings } from '../../mirror/run.ts';
import type { Reporter } from '../../reports/reporter.ts';
import { emptyReport } from '../../reports/run-record.ts';
import type { Stop } from '../stop.ts';
import type { WiredRun } from '../wire.ts';

/** A run that leaves its reports, however it ends. Resolves and rejects as the run does. */
export async function reportedRun(
  { dependencies, settings }: WiredRun,
  reporter: Reporter,
  {
    until,
    stop,
    onEvent,
  }: {
    readonly until: RunSettings['until'];
    readonly stop: Stop;
    readonly onEvent: NonNullable<RunOptions['onEvent']>;
  },
): Promise<RunResult> {
  try {
    const result = await run(
      dependencies,
      { ...settings, until },
      {
        signal: stop.signal,
        drain: stop.drain,
        onEvent: (event) => {
          reporter.onEvent(event);
          onEvent(event);
        },
      },
    );
    const { report, errors } = result;
    const exitCode = stop.exitCode() ?? gravestExitCode(errors);
    await reporter.leave({ report, failed: errors.length > 0, exitCode });
    return result;
  } catch (error) {
    // Whatever the interruption broke, the interruption is what happened.
    const interrupted = stop.drain.aborted;
    await reporter.leave({
      report: emptyReport({
        startedAt: new Date(reporter.startedAt).toISOString(),
        durationMs: dependencies.now() - reporter.startedAt,
        interrupted,
        until,
        verify: settings.verify.mode,
        releases: dependencies.releases.location,
        map: dependencies.store.location,
      }),
      failed: !interrupted,
      exitCode: stop.exitCode() ?? exitCodeOf(error),
      error,
    });
    throw error;
  }
}
