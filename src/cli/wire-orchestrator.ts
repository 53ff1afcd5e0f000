import { createAdmission, type Admission } from '../orchestrator/admit.ts';
import { createAppContainers } from '../orchestrator/app-spec/app-containers.ts';
import type { Commands } from '../orchestrator/commands.ts';
import type { OrchestratorConfig } from '../orchestrator/config/config.ts';
import { createCommands } from '../orchestrator/create-commands.ts';
import type { ContainerEngine } from '../orchestrator/engine/container-engine.ts';
import { findEngineSocket, systemSocketSources } from '../orchestrator/engine/engine-socket.ts';
import { createImageSource } from '../orchestrator/image-source.ts';
import { createImageResolver, type ImageResolver } from '../orchestrator/resolve/resolve.ts';
import { SelfUpdateBoard } from '../orchestrator/self-update/board.ts';
import type { TokenSource } from '../orchestrator/temporal/tokens.ts';
import type { ReleaseSource } from '../releases/release-source.ts';
import type { OrchestratorParts } from './orchestrator/parts.ts';
import { wireReleases, wireTokens } from './orchestrator/wire-releases.ts';
import { wireTrustRoot } from './wire-verifier.ts';
import type { World } from './world.ts';

/** An orchestrator, ready to be told what to do. */
export interface WiredOrchestrator {
  readonly commands: Commands;
  readonly engine: ContainerEngine;
  readonly resolver: ImageResolver;
  readonly admission: Admission;
  readonly releases: ReleaseSource;
  /** For the deployment's OAuth pair. */
  readonly tokens: TokenSource;
  /** Shared by the command and the role loop. */
  readonly board: SelfUpdateBoard;
  /** The id of our own container; `undefined` where this engine runs none of us. */
  readonly ownId: string | undefined;
}

/** How long a new version of the orchestrator must be good before it takes over. */
export const GATE_SETTLE_SECONDS = 10;

/** Opens the engine that the configuration names, or the one that is found. */
export async function wireEngine(
  { orchestrator }: Pick<OrchestratorConfig, 'orchestrator'>,
  parts: OrchestratorParts,
  { env, logger }: World,
): Promise<ContainerEngine> {
  const { path, origin } = findEngineSocket(orchestrator.socket, systemSocketSources(env));
  logger.debug('the container engine is looked for', { socket: path, origin });
  return parts.openEngine(path, logger);
}

/**
 * Makes an orchestrator from its configuration.
 *
 * @throws ConfigError; EngineError the engine cannot be reached or asked
 */
export async function wireOrchestrator(
  config: OrchestratorConfig,
  parts: OrchestratorParts,
  world: World,
): Promise<WiredOrchestrator> {
  const { env, cwd, logger } = world;
  const { atlan, images, registries, verify, orchestrator } = config;
  const engine = await wireEngine(config, parts, world);
  const ownId = await findSelf(engine, parts);
  const tokens = wireTokens(config, world);
  const releases = wireReleases(config, tokens, world);
  const resolver = createImageResolver({ images, cwd, env, logger });
  const admission = createAdmission({
    images,
    registries,
    verify,
    // Without a grace: an image that is not signed yet does not run yet.
    trustRoot: wireTrustRoot({ ...verify, graceSeconds: 0 }, world),
    env,
    logger,
  });
  const apps = createAppContainers({
    config,
    engine,
    ownMounts: async (options) =>
      ownId === undefined ? undefined : (await engine.inspect(ownId, options))?.mounts,
    group: process.getgid?.() ?? 0,
    env,
    now: () => parts.clock.now(),
    logger,
  });
  const board = new SelfUpdateBoard();
  const commands = createCommands({
    deployment: atlan.deployment,
    engine,
    clock: parts.clock,
    probe: parts.probe,
    images: createImageSource(resolver, admission),
    apps,
    releases,
    orchestratorName: orchestrator.appName,
    ownId,
    board,
    logger,
    gateSettleSeconds: GATE_SETTLE_SECONDS,
    autoUpdateSelf: orchestrator.autoUpdate,
  });
  return { commands, engine, resolver, admission, releases, tokens, board, ownId };
}

/** Whoever runs in a container of another engine is a plain process to this one. */
async function findSelf(
  engine: ContainerEngine,
  parts: OrchestratorParts,
): Promise<string | undefined> {
  const id = await parts.ownId();
  if (id === undefined) {
    // What is asked for next would say so as well, but later and less clearly.
    await engine.info();
    return undefined;
  }
  return (await engine.inspect(id)) === undefined ? undefined : id;
}
