import { errorMessage } from '../../errors.ts';
import type { Options } from '../../options.ts';
import { redactor } from '../gate/redact.ts';
import { ownedBy, type ContainerLabels } from '../app-spec/labels.ts';
import type { CommandOptions, Step } from '../commands.ts';
import type { Container } from '../engine/container.ts';
import { isUp, type Wish } from '../swap/next-step.ts';
import { isAtRest, observe, type Places } from '../swap/places.ts';
import { swap, type SwapOutcome } from '../swap/swap.ts';
import type { SwapTask } from '../swap/task.ts';
import { cleanImages } from './clean-images.ts';
import { stepOf } from './failure.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import type { AppContainer, AppPolicy, AppWorld, RunnableImage, WantedApp } from './ports.ts';
import { appSubject, labelsOf, servingIn } from './subject.ts';

/** One command that makes an app run something. */
export interface Deployment {
  readonly app: string;
  readonly commandId: string;
  /** Whether this process has seen the command succeed before. */
  readonly wasDone: boolean;
  /** Whether a container that is the same already will do. */
  readonly sameWillDo: boolean;
  /** What is to run, given what serves now. @throws CommandRefused */
  readonly choose: (serving: ContainerLabels | undefined, options: Options) => Promise<Choice>;
}

/** A version to run. */
export interface Choice extends Pick<ContainerLabels, 'version' | 'source' | 'previous' | 'held'> {
  readonly image: RunnableImage;
}

export interface DeployOutcome {
  /** What serves now. */
  readonly after: ContainerLabels | undefined;
  readonly outcome: 'done' | 'unchanged' | 'superseded';
  /** Why it came to nothing, whatever `outcome` says. */
  readonly failure?: { readonly error: unknown; readonly step: Step };
  readonly warnings: readonly string[];
}

/** Chooses, fetches, swaps, cleans up. Resolves always: an abort is a failure, too. */
export async function deploy(
  world: AppWorld,
  mutex: KeyedMutex,
  deployment: Deployment,
  options: CommandOptions,
): Promise<DeployOutcome> {
  const { app, commandId } = deployment;
  const subject = appSubject(world.deployment, app);
  const warnings: string[] = [];
  let step: Step = 'recover';
  let places: Places = {};
  let before: ContainerLabels | undefined;
  try {
    places = await observe(world.engine, subject, options);
    before = labelsOf(servingIn(places));
    if (labelsOf(places.current)?.commandId === commandId) {
      // An earlier attempt got past the commit point: only tidying is left.
      return finish(await settle(world, app, options), warnings, 'done');
    }
    if (deployment.wasDone) {
      // A late repetition must not undo what came after.
      return finish(await settle(world, app, options), warnings, 'superseded');
    }
    step = 'resolve';
    options.onProgress?.({ step, message: `resolving the image of ${app}` });
    const choice = await deployment.choose(before, options);
    warnings.push(...choice.image.warnings);
    const made = await world.apps.make(wantedApp(deployment, choice, before), options);
    const wish = wishFor(deployment, choice, made);
    const { source, image } = choice;
    const pull = async (pullOptions: CommandOptions): Promise<void> => {
      pullOptions.onProgress?.({ step: 'pull', message: `fetching ${source}` });
      await world.engine.pull(image.image, image.credential, pullOptions);
    };
    if (places.current === undefined || !wish.isFulfilledBy(places.current)) {
      step = 'pull';
      await pull(options);
    }
    await ensureNetworks(world, mutex, made, options);
    const task = { ...taskOf(world, app, made, warnings), pullAgain: pull };
    const outcome = await swap(world, task, wish, options);
    return finish(outcome, warnings, outcome.steps.includes('promote') ? 'done' : 'unchanged');
  } catch (error) {
    const failure = { error, step };
    if (options.signal?.aborted === true) {
      return { after: before, outcome: 'unchanged', failure, warnings };
    }
    // Whatever kept the new version away, what was half done before is mended.
    const mended = await settle(world, app, options);
    return { ...finish(mended, [...warnings, ...unmended(mended)], 'unchanged'), failure };
  }
}

/** One at a time: Docker lets two who create a network at once have one each, of the same name. */
async function ensureNetworks(
  { engine, deployment }: AppWorld,
  mutex: KeyedMutex,
  { spec: { network } }: AppContainer,
  options: Options,
): Promise<void> {
  if (typeof network === 'string') return;
  for (const { name } of network) {
    await mutex.run(
      // No app has a name with a slash.
      'networks/',
      async () => engine.ensureNetwork(name, ownedBy(deployment), options),
      options,
    );
  }
}

/** Finishes or undoes what was half done, and starts what should run. */
export async function settle(
  world: AppWorld,
  app: string,
  options: CommandOptions,
): Promise<SwapOutcome> {
  const warnings: string[] = [];
  const task = taskOf(world, app, world.apps.policy(app), warnings);
  const outcome = await swap(world, task, { kind: 'repair' }, options);
  return { ...outcome, warnings: [...outcome.warnings, ...warnings] };
}

function finish(
  swapped: SwapOutcome,
  warnings: readonly string[],
  outcome: DeployOutcome['outcome'],
): DeployOutcome {
  const { failure } = swapped;
  return {
    after: labelsOf(servingIn(swapped.places)),
    outcome,
    ...(failure === undefined
      ? {}
      : { failure: { error: failure.error, step: stepOf(failure.at) } }),
    warnings: [...warnings, ...swapped.warnings],
  };
}

function wantedApp(
  { app, commandId }: Deployment,
  { version, source, image, previous, held }: Choice,
  before: ContainerLabels | undefined,
): WantedApp {
  return {
    app,
    version,
    source,
    image: image.image,
    commandId,
    generation: (before?.generation ?? 0) + 1,
    ...(image.mapRevision === undefined ? {} : { mapRevision: image.mapRevision }),
    ...(previous === undefined ? {} : { previous }),
    ...(held === undefined ? {} : { held }),
  };
}

function wishFor(
  { commandId, sameWillDo }: Deployment,
  choice: Choice,
  made: AppContainer,
): Extract<Wish, { kind: 'run' }> {
  const isSame = (container: Container): boolean => {
    const labels = labelsOf(container);
    return labels?.image.digest === choice.image.image.digest && labels.specHash === made.specHash;
  };
  const isOurs = (container: Container): boolean => labelsOf(container)?.commandId === commandId;
  return {
    kind: 'run',
    strategy: made.swap,
    isFulfilledBy: (current) => isOurs(current) || (sameWillDo && isSame(current) && isUp(current)),
    isCandidate: (green) => isOurs(green) && isSame(green),
  };
}

function taskOf(
  world: AppWorld,
  app: string,
  made: AppContainer | AppPolicy,
  warnings: string[],
): SwapTask {
  const spec = 'spec' in made ? made.spec : undefined;
  return {
    subject: appSubject(world.deployment, app),
    ...(spec === undefined ? {} : { spec }),
    strategy: made.swap,
    gate: made.gate,
    stopGraceSeconds: made.stopGraceSeconds,
    redact: redactor(Object.values(spec?.environment ?? {})),
    onRemoval: async (container) =>
      cleanImages(world.engine, world.deployment, [container], (warning) => warnings.push(warning)),
  };
}

function unmended({ failure, places }: SwapOutcome): string[] {
  if (failure === undefined || isAtRest(places)) return [];
  return [`a swap that was cut short could not be mended yet: ${errorMessage(failure.error)}`];
}
