import type { Options } from '../options.ts';

/**
 * What the orchestrator can do. The same functions stand behind the workflows and behind the
 * command line. Requests and results are JSON; secrets occur in neither.
 *
 * Every command states an outcome and reaches it from wherever it finds the machine, so repeating
 * one is safe: after a crash a plain re-run continues, and a command whose id is already on the
 * serving container changes nothing. Commands for one app run one after the other.
 *
 * A command that fails resolves with `outcome: 'failed'`, what still serves and why. It rejects
 * only with the reason of an aborted signal, and then, too, a re-run converges. An abort before
 * the commit point leaves the old version serving; after it the new one serves, and what is left to
 * tidy is left to the next run.
 */
export interface Commands {
  /** The app runs the image: freshly installed, swapped to it, or already there. */
  install(request: InstallRequest, options?: CommandOptions): Promise<AppResult>;
  /** As {@link Commands.install}, but fails with `APP_NOT_INSTALLED` where nothing is to upgrade. */
  upgrade(request: InstallRequest, options?: CommandOptions): Promise<AppResult>;
  /** No container of the app is left, and no image that only it needed. Volumes stay. */
  uninstall(request: AppRequest, options?: CommandOptions): Promise<AppResult>;
  /** The same image, freshly started from the configuration as it is now, swapped in like any version. */
  restart(request: AppRequest, options?: CommandOptions): Promise<AppResult>;
  /** The version that served before. Automatic upgrades then leave out the one rolled back from. */
  rollback(request: AppRequest, options?: CommandOptions): Promise<AppResult>;
  /** What is there; changes nothing. */
  status(request?: StatusRequest, options?: Options): Promise<StatusResult>;
  /** Repairs half-done swaps, starts what should run, upgrades what may upgrade by itself. */
  reconcile(request?: ReconcileRequest, options?: CommandOptions): Promise<ReconcileResult>;
  /**
   * Replaces the orchestrator's own container.
   *
   * On success the caller is about to be replaced, so this resolves with `handing-over` as soon as
   * the new container passed its gate. Then finish what you have in flight; the role loop stops
   * the polling and hands over. Call again with the same id, from whichever orchestrator is then
   * active, until the outcome is not `handing-over`.
   */
  selfUpdate(request: SelfUpdateRequest, options?: CommandOptions): Promise<SelfUpdateResult>;
}

/** What a command that may take minutes accepts. */
export interface CommandOptions extends Options {
  /** Called at every step and at every poll of a step that waits: the place for a heartbeat. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Where a command is. */
export interface Progress {
  readonly step: Step;
  /** One line for people; no secrets. */
  readonly message: string;
}

/** The steps of a swap, in order, then those of the other commands. */
export type Step =
  | 'recover'
  | 'resolve'
  | 'pull'
  | 'create'
  | 'start'
  | 'gate'
  | 'commit'
  | 'retire'
  | 'clean'
  | 'uninstall'
  | 'hand-over';

/** Addresses one app. */
export interface AppRequest {
  /** Names the wish, not the attempt: the same for every retry. Up to 128 characters. */
  readonly commandId: string;
  /** `teradata`: lower-case letters, digits, `-`, `_` and `.`; part of container and queue names. */
  readonly app: string;
}

export interface InstallRequest extends AppRequest {
  /** As announced: `atlanhq/atlan-teradata-app:3.1.4`. Without it, the latest announced release. */
  readonly image?: string;
  /** The app's version, for records; the image's tag where absent. */
  readonly version?: string;
}

export interface SelfUpdateRequest {
  readonly commandId: string;
  /** As announced. Without it, the latest announced release of the orchestrator. */
  readonly image?: string;
  readonly version?: string;
}

export interface StatusRequest {
  /** Only this app. */
  readonly app?: string;
}

export interface ReconcileRequest {
  /** Only plan: the actions are reported and none is taken. */
  readonly dryRun?: boolean;
}

/** One version of one app, as its container's labels tell it. */
export interface Version {
  /** `3.1.4` */
  readonly version: string;
  /** As announced: `atlanhq/atlan-teradata-app:3.1.4`. */
  readonly source: string;
  /** Where it was pulled from, by digest: `registry.mycompany.com/atlan/teradata@sha256:…`. */
  readonly image: string;
  readonly digest: string;
}

/**
 * `done`: changed by this command, now or in an earlier attempt with the same id. `unchanged`: it
 * was so already. `superseded`: a later command has replaced what this one did, as far as this
 * process remembers, so nothing was changed. `failed`: see `failure`; `serving` still serves.
 */
export type AppResult = AppSuccess | AppFailure;

interface AppOutcome {
  readonly commandId: string;
  readonly command: 'install' | 'upgrade' | 'uninstall' | 'restart' | 'rollback';
  readonly app: string;
  /** What serves when the command ends; absent if nothing does. */
  readonly serving?: Version;
  /** What a rollback would return to; after an uninstall, what was removed. */
  readonly previous?: Version;
  /** What went wrong without making the command fail, such as an image that could not be cleaned up. */
  readonly warnings: readonly string[];
}

export interface AppSuccess extends AppOutcome {
  readonly outcome: 'done' | 'unchanged' | 'superseded';
}

export interface AppFailure extends AppOutcome {
  readonly outcome: 'failed';
  readonly failure: Failure;
}

/** Why a command failed. */
export interface Failure {
  /**
   * A code of `errors.ts` (`REGISTRY_NOT_FOUND`, `SIGNATURE_INVALID`, `MAP_UNAVAILABLE`,
   * `ENGINE_REFUSED`, …), or one of {@link CommandFailureCode}, or `BUG`.
   */
  readonly code: string;
  /** What was tried, on what, what came back, and the next step. */
  readonly message: string;
  /** Whether the same command may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** The step it failed in. */
  readonly step: Step;
  /** The last lines the new version wrote, oldest first, secrets taken out; empty where it never ran. */
  readonly logs: readonly string[];
}

/** Failures that only commands have. `CONTAINER_UNHEALTHY` is the gate's verdict on a new version. */
export type CommandFailureCode =
  | 'CONTAINER_UNHEALTHY'
  | 'APP_NOT_INSTALLED'
  | 'NO_PREVIOUS_VERSION'
  | 'NO_RELEASE'
  | 'SELF_UPDATE_BUSY'
  | 'SELF_UPDATE_ROLLED_BACK'
  | 'NOT_ACTIVE';

export interface StatusResult {
  readonly deployment: string;
  /** Absent where the orchestrator does not run as a managed container. */
  readonly orchestrator?: ContainerStatus;
  readonly apps: readonly AppStatus[];
}

export interface AppStatus {
  readonly app: string;
  /** The container under the app's own name; absent in the midst of a swap, or if it was removed by hand. */
  readonly current?: ContainerStatus;
  /** The version a rollback would return to. */
  readonly previous?: Version;
  /** Containers of a swap under way or half done, by their suffix. */
  readonly others: readonly ContainerStatus[];
}

export interface ContainerStatus extends Version {
  /** The container's name. */
  readonly name: string;
  readonly containerId: string;
  readonly state: 'created' | 'running' | 'restarting' | 'paused' | 'exited' | 'dead';
  /** `none`: the image has no health check. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** RFC 3339; absent if it never ran. */
  readonly startedAt?: string;
  readonly restartCount: number;
  /** The command that made it. */
  readonly commandId: string;
}

/** One thing to do about one app, or the reason to leave it alone. */
export interface ReconcileAction {
  /** The app; absent for the orchestrator itself. */
  readonly app?: string;
  readonly action: 'keep' | 'repair' | 'start' | 'upgrade';
  /** In words. */
  readonly reason: string;
  readonly from?: Version;
  /** The announced image to upgrade to. */
  readonly to?: string;
}

export interface ReconcileResult {
  readonly dryRun: boolean;
  readonly actions: readonly ReconcileActionResult[];
  /** What could not be looked at, such as releases that could not be asked for; the rest was done. */
  readonly warnings: readonly string[];
}

export interface ReconcileActionResult extends ReconcileAction {
  /** `planned`: a dry run. */
  readonly outcome: 'planned' | 'done' | 'unchanged' | 'failed';
  readonly failure?: Failure;
}

export type SelfUpdateResult = SelfUpdateSuccess | SelfUpdateFailure;

interface SelfUpdateOutcome {
  readonly commandId: string;
  /** What the active orchestrator runs. */
  readonly serving?: Version;
}

export interface SelfUpdateSuccess extends SelfUpdateOutcome {
  /**
   * `handing-over`: under way; ask again. `done`: the new version is active and has settled.
   * `unchanged`: it ran already.
   */
  readonly outcome: 'handing-over' | 'done' | 'unchanged';
}

export interface SelfUpdateFailure extends SelfUpdateOutcome {
  readonly outcome: 'failed';
  readonly failure: Failure;
}
