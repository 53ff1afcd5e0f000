import { ConfigError } from '../../errors.ts';
import { ExitCode } from '../../exit-code.ts';
import { containerName } from '../../orchestrator/app-spec/names.ts';
import { ownedBy } from '../../orchestrator/app-spec/labels.ts';
import type { ContainerEngine } from '../../orchestrator/engine/container-engine.ts';
import type { LogLine } from '../../orchestrator/engine/container.ts';
import { redactor } from '../../orchestrator/gate/redact.ts';
import type { Secret } from '../../secret.ts';
import { escapeUnprintable } from '../../quote.ts';
import { jsonLine } from '../output/json.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';

export interface LogsOptions {
  readonly deployment: string;
  readonly app: string;
  /** How many of the last lines. */
  readonly tail: number;
  readonly follow: boolean;
  /** Taken out of what is shown, as is what looks like a secret. */
  readonly secrets: readonly Secret[];
  readonly signal?: AbortSignal | undefined;
}

/** `logs APP`: what the serving container of an app has written. */
export async function showLogs(
  engine: ContainerEngine,
  options: LogsOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { deployment, app, tail, follow, secrets, signal } = options;
  const containers = await engine.list(ownedBy(deployment, { role: 'app', app }));
  const name = containerName(deployment, app);
  const container = containers.find((each) => each.name === name) ?? containers.at(-1);
  if (container === undefined) {
    throw new ConfigError(
      `${app} is not installed in deployment ${deployment}: sdr-orchestrator apps lists what is`,
    );
  }
  const redact = redactor(secrets);
  const write = async (line: LogLine): Promise<void> =>
    writeResult(terminal.stdout, lineOf(line, redact, terminal));
  const asked = { tail, ...(signal === undefined ? {} : { signal }) };
  if (follow) for await (const line of engine.followLogs(container.id, asked)) await write(line);
  else for (const line of await engine.logs(container.id, asked)) await write(line);
  return ExitCode.ok;
}

function lineOf(
  { stream, at, text }: LogLine,
  redact: (line: string) => string,
  { format }: Terminal,
): string {
  const shown = redact(text);
  return format === 'json'
    ? jsonLine({ at: new Date(at).toISOString(), stream, text: shown })
    : `${escapeUnprintable(shown)}\n`;
}
