import { ConfigError, type ConfigIssue } from '../../errors.ts';
import { ExitCode } from '../../exit-code.ts';
import { checkOrchestratorConfig } from '../../orchestrator/config/check.ts';
import type { SourceOptions } from '../../orchestrator/config/sources.ts';
import { plural, printable, type Paint } from '../output/format.ts';
import { reportLines } from '../output/json.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';

/** `config check`: everything that is wrong with the configuration, asking nobody. */
export async function checkConfig(sources: SourceOptions, terminal: Terminal): Promise<ExitCode> {
  const check = await checkOrchestratorConfig(sources);
  const { file = 'the configuration', errors, warnings } = check;
  const { format, stdout, paint } = terminal;
  const verdict =
    errors.length === 0
      ? `${paint('green', '✔')} ${printable(file)} can be used`
      : `${paint('red', '✖')} ${printable(file)}: ${plural(errors.length, 'problem')}`;
  await writeResult(
    stdout,
    format === 'json'
      ? reportLines({ ...check, usable: errors.length === 0 })
      : [
          verdict,
          ...errors.map((issue) => issueLine(issue, paint('red', 'error'))),
          ...warnings.map((issue) => issueLine(issue, warningWord(paint))),
          '',
        ].join('\n'),
  );
  return errors.length === 0 ? ExitCode.ok : ExitCode.config;
}

function issueLine(issue: ConfigIssue, word: string): string {
  return `  ${word}  ${printable(new ConfigError([issue]).message)}`;
}

function warningWord(paint: Paint): string {
  return paint('yellow', 'note ');
}
