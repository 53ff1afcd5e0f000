import type { Config } from '../../config/config.ts';
import { type ExitCode, gravestExitCode } from '../../exit-code.ts';
import { examine, type DoctorParts, type Finding } from '../../mirror/doctor.ts';
import { reportError } from '../../mirror/report.ts';
import { placeChecks } from '../../reports/check-places.ts';
import { describeVerify } from '../../settings/verify-config.ts';
import { needsTrustRoot } from '../../signatures/policy.ts';
import { printable, type Paint } from '../output/format.ts';
import { reportLines } from '../output/json.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';
import { listenForStop } from '../stop.ts';
import { wireTrustRoot } from '../wire-verifier.ts';
import { wireRun, type WiredRun } from '../wire.ts';
import type { World } from '../world.ts';

/** `mirror doctor`: each thing a run needs, tried, with the fix for what fails. */
export async function doctorCommand(
  config: Config,
  only: readonly string[],
  terminal: Terminal,
  { world, process }: { readonly world: World; readonly process: NodeJS.Process },
): Promise<ExitCode> {
  const wired = await wireRun(config, world, { only });
  // What was put beside the map has to be removed, also when nobody waits for the rest.
  const stop = listenForStop(process, { graceMs: 0, onSignal: () => undefined });
  const findings: Finding[] = [];
  try {
    for await (const finding of examine(partsOf(config, wired, world), { signal: stop.drain })) {
      findings.push(finding);
      if (terminal.format === 'human') {
        await writeResult(terminal.stdout, `${line(finding, terminal.paint)}\n`);
      }
    }
  } catch (error) {
    const stopped = stop.exitCode();
    if (stopped === undefined) throw error;
    return stopped;
  } finally {
    stop.dispose();
    wired.close();
  }
  const errors = findings.flatMap(({ error }) => (error === undefined ? [] : [error]));
  await writeResult(
    terminal.stdout,
    terminal.format === 'json' ? reportLines(findings.map(asData)) : `\n${verdict(findings)}\n`,
  );
  return gravestExitCode(errors);
}

function partsOf(config: Config, wired: WiredRun, world: World): DoctorParts {
  const { dependencies, settings, registries } = wired;
  const { verify, report, notify } = config;
  const policies = [verify.policy, ...verify.overrides.map(({ policy }) => policy)];
  return {
    dependencies,
    settings,
    credentialOrigin: async (registry, options) => {
      const { kind, origin } = await registries.credentialFor(registry, options);
      const isAnonymous = kind === 'anonymous';
      return {
        isAnonymous,
        words: isAnonymous ? `nobody (${origin})` : `the credential of ${origin}`,
      };
    },
    checkPush: async (repository, options) => registries.checkPush(repository, options),
    trustRoot: policies.some(needsTrustRoot) ? wireTrustRoot(verify, world) : undefined,
    signers: describeVerify(verify),
    places: placeChecks(report, notify, world.env),
    clockOffsets: () => registries.clockOffsets(),
    checkEngine: async (options) => {
      if (config.copy.engine === 'registry') return 'registry, built in';
      const { checkSkopeo } = await import('../../copiers/skopeo-command.ts');
      await checkSkopeo('skopeo', world.env, options);
      return 'skopeo';
    },
  };
}

const SYMBOLS = {
  ok: ['green', '✔'],
  failed: ['red', '✖'],
  skipped: ['dim', '-'],
} as const satisfies Record<Finding['outcome'], readonly [string, string]>;

function line({ check, outcome, detail, error }: Finding, paint: Paint): string {
  const [style, symbol] = SYMBOLS[outcome];
  const head = `${paint(style, symbol)} ${printable(check)}`;
  if (error !== undefined) {
    return `${head}\n    ${paint('red', reportError(error).code)}: ${printable(detail)}`;
  }
  const said = detail === '' && outcome === 'skipped' ? 'skipped' : detail;
  return said === '' ? head : `${head}: ${paint('dim', printable(said))}`;
}

function verdict(findings: readonly Finding[]): string {
  const failed = findings.filter(({ outcome }) => outcome === 'failed').length;
  if (failed === 0) return 'Everything a run needs is there.';
  const skipped = findings.filter(({ outcome }) => outcome === 'skipped').length;
  const untried = skipped === 0 ? '' : `, and ${skipped} could not be tried`;
  return `${failed} of ${findings.length} checks failed${untried}: what to do stands below each.`;
}

function asData({ error, ...finding }: Finding): object {
  return error === undefined ? finding : { ...finding, error: reportError(error) };
}
