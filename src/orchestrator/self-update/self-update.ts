import { EngineError } from '../../errors.ts';
import type { Options } from '../../options.ts';
import type {
  CommandOptions,
  Failure,
  SelfUpdateRequest,
  SelfUpdateResult,
  Step,
} from '../commands.ts';
import { announcedFor } from '../lifecycle/choose.ts';
import { CommandRefused, toFailure } from '../lifecycle/failure.ts';
import type { AppWorld, RunnableImage } from '../lifecycle/ports.ts';
import { labelsOf, versionOf } from '../lifecycle/subject.ts';
import { greenName } from '../swap/places.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import { createClone } from './clone.ts';
import type { OwnWorld } from './own-world.ts';
import { prove } from './prove.ts';
import { look, type Scene } from './role.ts';

/** What the command works with, besides what those of the apps do. */
export interface SelfUpdateWorld extends AppWorld, OwnWorld {
  readonly engine: ContainerEngine;
  /** The id of the container this process runs in; `undefined` outside of one. */
  readonly ownId: string | undefined;
}

type Outcome =
  | { readonly outcome: 'handing-over' | 'done' | 'unchanged' }
  | { readonly outcome: 'failed'; readonly failure: Failure };

/** Puts a new version beside the running one and proves it; the role loop gives it the name. */
export async function selfUpdate(
  world: SelfUpdateWorld,
  request: SelfUpdateRequest,
  options: CommandOptions = {},
): Promise<SelfUpdateResult> {
  const { commandId } = request;
  let step: Step = 'recover';
  let scene: Scene | undefined;
  const onProgress: NonNullable<CommandOptions['onProgress']> = (progress) => {
    ({ step } = progress);
    options.onProgress?.(progress);
  };
  const attempt = async (): Promise<Outcome> => {
    try {
      scene = await ownScene(world, options);
      return await advance(world, request, scene, { ...options, onProgress });
    } catch (error) {
      options.signal?.throwIfAborted();
      return { outcome: 'failed', failure: toFailure(error, step) };
    }
  };
  const outcome = await attempt();
  const own = labelsOf(scene?.self);
  return { commandId, ...(own === undefined ? {} : { serving: versionOf(own) }), ...outcome };
}

async function advance(
  world: SelfUpdateWorld,
  request: SelfUpdateRequest,
  scene: Scene,
  options: CommandOptions,
): Promise<Outcome> {
  const { commandId } = request;
  const { engine, board } = world;
  if (labelsOf(scene.self)?.commandId === commandId) {
    // This is the new version. It is through once its predecessor is gone.
    return { outcome: scene.old === undefined ? 'done' : 'handing-over' };
  }
  const failure = board.failureOf(commandId);
  if (failure !== undefined) return { outcome: 'failed', failure };
  if (scene.old !== undefined) {
    throw new CommandRefused('SELF_UPDATE_BUSY', 'the update before has not settled yet', true);
  }
  if (scene.green !== undefined) {
    if (labelsOf(scene.green)?.commandId !== commandId) {
      throw new CommandRefused('SELF_UPDATE_BUSY', 'another update is under way', true);
    }
    if (board.passed !== scene.green.id) await prove(world, scene, scene.green.id, options);
    return { outcome: 'handing-over' };
  }
  assertOwnMaster(scene);
  options.onProgress?.({ step: 'resolve', message: 'resolving the image of the orchestrator' });
  const app = world.orchestratorName;
  const { source, version } = await announcedFor(world, { app, ...request }, options);
  const image = await world.images.admit(source, options);
  if (await runs(world, scene, image, options)) return { outcome: 'unchanged' };
  options.onProgress?.({ step: 'pull', message: `fetching ${source}` });
  await engine.pull(image.image, image.credential, options);
  // Before there is anything to see: the role loop must not take it for a leftover.
  board.inHand = greenName(scene.name);
  try {
    options.onProgress?.({ step: 'create', message: `creating ${board.inHand}` });
    const labels = newLabels(world, scene, commandId, image, {
      source,
      version: version ?? image.image.digest,
    });
    const green = await createClone(engine, scene.self, scene.name, labels, options);
    await prove(world, scene, green, options);
    return { outcome: 'handing-over' };
  } finally {
    board.inHand = undefined;
  }
}

async function ownScene(world: SelfUpdateWorld, options: Options): Promise<Scene> {
  const scene =
    world.ownId === undefined ? undefined : await look(world.engine, world.ownId, options);
  if (scene === undefined) {
    throw new CommandRefused(
      'NOT_ACTIVE',
      'this orchestrator does not run in a container of the engine it talks to, so it cannot replace itself',
    );
  }
  if (scene.role === 'active') return scene;
  throw new CommandRefused('NOT_ACTIVE', 'another orchestrator is active; ask that one', true);
}

/**
 * A unit of systemd starts its container anew, of the image that it names, when that container ends:
 * as the old one does in the end.
 *
 * Source: podman-run(1) sets the label from the variable that units of Podman have.
 */
function assertOwnMaster({ self }: Scene): void {
  const unit = self.labels['PODMAN_SYSTEMD_UNIT'];
  if (unit === undefined) return;
  throw new EngineError(
    'ENGINE_REFUSED',
    `systemd keeps the container ${self.name} by ${unit} and would start the version named there again: change the image in its Quadlet, then systemctl --user daemon-reload and restart ${unit}`,
  );
}

/** Whether that image runs already, whoever started it. */
async function runs(
  { engine }: SelfUpdateWorld,
  { self }: Scene,
  { image }: RunnableImage,
  options: Options,
): Promise<boolean> {
  if (labelsOf(self)?.image.digest === image.digest) return true;
  const own = await engine.inspectImage(self.imageId, options);
  return own?.repositoryDigests.some((text) => text.endsWith(`@${image.digest}`)) === true;
}

function newLabels(
  { deployment, orchestratorName }: SelfUpdateWorld,
  { self }: Scene,
  commandId: string,
  { image, mapRevision }: RunnableImage,
  named: { readonly source: string; readonly version: string },
): Parameters<typeof createClone>[3] {
  const own = labelsOf(self);
  return {
    deployment,
    role: 'orchestrator',
    app: orchestratorName,
    ...named,
    image,
    commandId,
    generation: (own?.generation ?? 0) + 1,
    // Whatever the operator started it with.
    specHash: 'inherited',
    ...(mapRevision === undefined ? {} : { mapRevision }),
    ...(own === undefined
      ? {}
      : { previous: { version: own.version, source: own.source, image: own.image } }),
  };
}
