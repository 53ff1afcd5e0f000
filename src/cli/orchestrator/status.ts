import { ExitCode, exitCodeOf } from '../../exit-code.ts';
import { errorMessage } from '../../errors.ts';
import type { AppStatus, ContainerStatus, StatusResult } from '../../orchestrator/commands.ts';
import { isOrchestrator } from '../../orchestrator/app-spec/names.ts';
import type { OrchestratorConfig } from '../../orchestrator/config/config.ts';
import { appConfigFor } from '../../orchestrator/config/app-config.ts';
import { readHealth } from '../../orchestrator/temporal/heartbeat.ts';
import type { Release } from '../../releases/release-source.ts';
import { printable } from '../output/format.ts';
import { reportLines } from '../output/json.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';
import type { WiredOrchestrator } from '../wire-orchestrator.ts';
import type { World } from '../world.ts';
import { heartbeatFile } from './heartbeat-file.ts';
import { containerLine, statusText } from './result-text.ts';

/** `status [app]`: every container there is, as its labels and the engine tell it. */
export async function showStatus(
  { commands }: WiredOrchestrator,
  app: string | undefined,
  terminal: Terminal,
  world: World,
): Promise<ExitCode> {
  const status = await commands.status(app === undefined ? {} : { app });
  const health = await readHealth(heartbeatFile(world), world.now());
  const { format, stdout, paint } = terminal;
  if (format === 'json') {
    await writeResult(stdout, reportLines({ ...status, health }));
    return foundAll(status, app);
  }
  const lines: string[] = [`Deployment ${printable(status.deployment)}\n`];
  if (app === undefined) {
    const said = health.alive
      ? `running as ${health.heartbeat.role}, Temporal ${health.heartbeat.temporal.state}`
      : `not running here: ${health.reason}`;
    lines.push(`The orchestrator: ${printable(said)}\n`);
    if (status.orchestrator !== undefined) {
      lines.push(`${containerLine('orchestrator', status.orchestrator, paint)}\n`);
    }
  }
  lines.push(...status.apps.map((each) => statusText(each, paint)));
  if (status.apps.length === 0) {
    lines.push(
      app === undefined ? 'No app is installed.\n' : `${printable(app)} is not installed.\n`,
    );
  }
  await writeResult(stdout, lines.join(''));
  return foundAll(status, app);
}

function foundAll({ apps }: StatusResult, app: string | undefined): ExitCode {
  return app !== undefined && apps.length === 0 ? ExitCode.config : ExitCode.ok;
}

/** One row of `apps`. */
interface AppRow {
  readonly app: string;
  readonly installed?: string;
  /** As announced for this tenant; absent if it is not, or nobody could be asked. */
  readonly announced?: string;
  readonly image?: string;
  readonly state: string;
  readonly autoUpdate: boolean;
}

/** `apps`: what is installed beside what is announced. The one is told even if the other is not to be had. */
export async function listApps(
  { commands, releases }: WiredOrchestrator,
  { apps, orchestrator }: Pick<OrchestratorConfig, 'apps' | 'orchestrator'>,
  terminal: Terminal,
): Promise<ExitCode> {
  const status = await commands.status();
  let announced: readonly Release[] = [];
  let code: ExitCode = ExitCode.ok;
  try {
    const list = await releases.latest();
    announced = list.releases.filter(
      ({ appName }) => appName !== undefined && !isOrchestrator(appName, orchestrator.appName),
    );
  } catch (error) {
    code = exitCodeOf(error);
    terminal.logger.warn(`what is announced could not be asked for: ${errorMessage(error)}`);
  }
  const rows = rowsOf(status.apps, announced, apps);
  const { format, stdout } = terminal;
  await writeResult(stdout, format === 'json' ? reportLines({ apps: rows }) : tableOf(rows));
  return code;
}

function rowsOf(
  installed: readonly AppStatus[],
  announced: readonly Release[],
  apps: OrchestratorConfig['apps'],
): readonly AppRow[] {
  const names = new Set([
    ...installed.map(({ app }) => app),
    ...announced.flatMap(({ appName }) => appName ?? []),
  ]);
  return [...names].toSorted().map((app) => {
    const current = installed.find((status) => status.app === app)?.current;
    const release = announced.find(({ appName }) => appName === app);
    return rowOf(app, current, release, appConfigFor(apps, app).autoUpdate);
  });
}

function rowOf(
  app: string,
  current: ContainerStatus | undefined,
  release: Release | undefined,
  autoUpdate: boolean,
): AppRow {
  const announced = release?.version;
  return {
    app,
    ...(current === undefined ? {} : { installed: current.version }),
    ...(announced === undefined ? {} : { announced }),
    ...(release === undefined ? {} : { image: release.image }),
    state: current === undefined ? 'not installed' : current.state,
    autoUpdate,
  };
}

function tableOf(rows: readonly AppRow[]): string {
  if (rows.length === 0) return 'No app is installed, and none is announced.\n';
  const cells = rows.map(({ app, installed, announced, state, autoUpdate }) => [
    app,
    installed ?? '-',
    announced ?? '-',
    state,
    autoUpdate ? 'by itself' : 'when told',
  ]);
  const table = [['APP', 'INSTALLED', 'ANNOUNCED', 'STATE', 'UPGRADES'], ...cells];
  const widths = table[0]?.map((_, column) =>
    Math.max(...table.map((row) => printable(row[column] ?? '').length)),
  );
  const lines = table.map((row) =>
    row
      .map((cell, column) => printable(cell).padEnd(widths?.[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
