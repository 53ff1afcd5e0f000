import { access, constants, mkdir, readFile } from 'node:fs/promises';
import { ConfigError, errorMessage, MirrorError } from '../../errors.ts';
import { gravestExitCode, type ExitCode } from '../../exit-code.ts';
import type { OrchestratorConfig } from '../../orchestrator/config/config.ts';
import { hostPath } from '../../orchestrator/app-spec/host-path.ts';
import { connectTemporal } from '../../orchestrator/temporal/connection.ts';
import { installRuntime } from '../../orchestrator/temporal/sdk.ts';
import { workflowBundle } from '../../orchestrator/temporal/bundle.ts';
import { apiKeyTokens } from '../../orchestrator/temporal/tokens.ts';
import { explain } from '../../orchestrator/resolve/resolved-image.ts';
import { formatReference } from '../../registry/reference.ts';
import { fileProblem } from '../../settings/files.ts';
import { printable } from '../output/format.ts';
import { reportLines } from '../output/json.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';
import { wireOrchestrator, type WiredOrchestrator } from '../wire-orchestrator.ts';
import type { World } from '../world.ts';
import type { OrchestratorParts } from './parts.ts';
import { wireTokens } from './wire-releases.ts';

/** One thing looked at. */
interface Finding {
  readonly check: string;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  /** What was found, or what is wrong and the next step. */
  readonly says: string;
  readonly code?: string;
}

type Check = () => Promise<string>;

/**
 * `doctor`: looks at everything the orchestrator depends on, each by itself, so that one run tells
 * all there is to mend. Changes nothing but the data folder, which it makes if it is missing.
 */
export async function examine(
  config: OrchestratorConfig,
  parts: OrchestratorParts,
  terminal: Terminal,
  world: World,
): Promise<ExitCode> {
  const findings: Finding[] = [];
  const errors: unknown[] = [];
  const look = async (check: string, act: Check): Promise<void> => {
    try {
      findings.push({ check, outcome: 'ok', says: await act() });
    } catch (error) {
      errors.push(error);
      const code = error instanceof MirrorError ? { code: String(error.code) } : {};
      findings.push({ check, outcome: 'failed', says: errorMessage(error), ...code });
    }
  };
  let wired: WiredOrchestrator | undefined;
  await look('engine', async () => {
    wired = await wireOrchestrator(config, parts, world);
    const { kind, version, rootless } = await wired.engine.info();
    return `${kind} ${version}${rootless ? ', rootless' : ''} at ${wired.engine.location}`;
  });
  await look('privileges', privileges);
  if (wired === undefined) {
    const says = 'the engine has to be reached first';
    for (const check of ['data folder', 'network', 'images', 'releases']) {
      findings.push({ check, outcome: 'skipped', says });
    }
  } else await examineWired(config, wired, look);
  await look('control plane', async () => controlPlane(config, parts, world));
  const { format, stdout, paint } = terminal;
  const signs = {
    ok: paint('green', '✔'),
    failed: paint('red', '✖'),
    skipped: paint('yellow', '-'),
  };
  const lines = findings.map(
    ({ check, outcome, says }) => `${signs[outcome]} ${check.padEnd(13)}  ${printable(says)}\n`,
  );
  await writeResult(stdout, format === 'json' ? reportLines({ findings }) : lines.join(''));
  return gravestExitCode(errors);
}

async function examineWired(
  config: OrchestratorConfig,
  wired: WiredOrchestrator,
  look: (check: string, act: Check) => Promise<void>,
): Promise<void> {
  const { engine, ownId, resolver, releases } = wired;
  await look('data folder', async () => {
    const { dataFolder, dataFolderOnHost } = config.orchestrator;
    await writable(dataFolder);
    const mounts = ownId === undefined ? undefined : (await engine.inspect(ownId))?.mounts;
    return `${dataFolder}, on the host ${dataFolderOnHost ?? hostPath(dataFolder, mounts)}`;
  });
  await look('network', async () => network(config, wired));
  let announced: readonly string[] = [];
  await look('releases', async () => {
    const list = await releases.latest();
    announced = list.releases.map(({ image }) => image);
    return `${announced.length} announced at ${releases.location}`;
  });
  await look('images', async () => {
    const sample = announced[0] ?? 'atlanhq/atlan-example-app:1.0.0';
    const resolved = await resolver.resolve(sample);
    return `${sample} → ${formatReference(resolved.reference)} (${explain(resolved)})`;
  });
}

/** Whether the apps can be asked for their health: from the host they can, and from their network. */
async function network(
  { orchestrator }: OrchestratorConfig,
  { engine, ownId }: WiredOrchestrator,
): Promise<string> {
  const own = ownId === undefined ? undefined : await engine.inspect(ownId);
  if (own === undefined || own.network === 'host') return `${orchestrator.network}, from the host`;
  const names = typeof own.network === 'string' ? [] : own.network.map(({ name }) => name);
  if (names.includes(orchestrator.network)) return `${orchestrator.network}, as its apps`;
  const elsewhere = names.length === 0 ? '' : `, only in ${names.join(', ')}`;
  const { kind } = await engine.info();
  throw new ConfigError(
    `${own.name} is not in ${orchestrator.network}, the network of its apps${elsewhere}: those that are asked for their health cannot be reached. Put it there (${kind} network connect ${orchestrator.network} ${own.name}), or name its own in orchestrator.network.`,
  );
}

async function writable(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new ConfigError(
      `orchestrator.data_folder: ${folder} cannot be written: ${fileProblem(error)}. Give this process a folder it may write to.`,
      error,
    );
  }
}

/** Who we are, and which capabilities a program of ours could ever get. */
async function privileges(): Promise<string> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  const user = process.getuid?.();
  const parts = [`user ${user ?? 'unknown'}`];
  if (effective !== undefined) {
    parts.push(/^0+$/.test(effective) ? 'no capability' : `capabilities ${effective}`);
  }
  const isMore = user === 0 || (effective !== undefined && !/^0+$/.test(effective));
  return `${parts.join(', ')}${isMore ? ': more than is needed; see docs/orchestrator.md' : ''}`;
}

async function controlPlane(
  config: OrchestratorConfig,
  parts: OrchestratorParts,
  world: World,
): Promise<string> {
  const sdk = await parts.loadTemporal();
  workflowBundle();
  const { temporal } = config;
  const { auth } = temporal;
  const tokens = auth.kind === 'api-key' ? apiKeyTokens(auth.apiKey) : wireTokens(config, world);
  const token = auth.kind === 'none' ? undefined : await tokens.token();
  const { env, logger } = world;
  // Otherwise the core sets itself up: with log lines on stderr, and signals of its own.
  installRuntime(sdk, logger);
  const connection = await connectTemporal(sdk, temporal, token, { env, clock: parts.clock });
  await connection.close();
  return `Temporal at ${temporal.address}, namespace ${temporal.namespace}, queue ${temporal.taskQueue}`;
}
