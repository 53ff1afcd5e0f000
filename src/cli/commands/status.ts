import type { Config } from '../../config/config.ts';
import { ExitCode, exitCodeOf, gravestOf } from '../../exit-code.ts';
import { isProblem, type ProblemKind, type StatusFinding } from '../../mirror/status-report.ts';
import { status } from '../../mirror/status.ts';
import { releaseMatcher } from '../../releases/select.ts';
import { reportLines } from '../output/json.ts';
import { statusLine, statusSummary } from '../output/status-text.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';
import { expectsSignatures, wireInspector } from '../wire-inspector.ts';
import { wireRun } from '../wire.ts';
import type { World } from '../world.ts';

/** Whose trouble a finding is, as a failed run would say it; that of `unchecked` is in its error. */
const EXIT_CODES = {
  unmirrored: ExitCode.registry,
  missing: ExitCode.registry,
  drifted: ExitCode.registry,
  incomplete: ExitCode.registry,
  unsigned: ExitCode.signature,
  unmapped: ExitCode.map,
} as const satisfies Partial<Record<ProblemKind, ExitCode>>;

/** `mirror status`: releases, map and target side by side; changes nothing. */
export async function statusCommand(
  config: Config,
  only: readonly string[],
  terminal: Terminal,
  world: World,
): Promise<ExitCode> {
  const wired = await wireRun(config, world);
  try {
    const inspector = wireInspector(config, wired, world);
    const { report, errors } = await status(
      { ...wired.dependencies, inspector },
      {
        ...wired.settings,
        signatures: expectsSignatures(config),
        ...(only.length === 0 ? {} : { isWanted: releaseMatcher(only, config.source.registry) }),
      },
    );
    await writeResult(
      terminal.stdout,
      terminal.format === 'json'
        ? reportLines(report)
        : [
            ...report.images.map((image) => statusLine(image, terminal.paint)),
            statusSummary(report, terminal.paint),
            '',
          ].join('\n'),
    );
    const findings = report.images.flatMap((image) => image.findings).filter(isProblem);
    return gravestOf([...errors.map(exitCodeOf), ...findings.flatMap(exitCodeOfFinding)]);
  } finally {
    wired.close();
  }
}

function exitCodeOfFinding({ kind }: StatusFinding): readonly ExitCode[] {
  const code = Object.entries(EXIT_CODES).find(([known]) => known === kind)?.[1];
  return code === undefined ? [] : [code];
}
