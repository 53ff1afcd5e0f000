import * as v from 'valibot';
import type {
  AppResult,
  Failure,
  ReconcileResult,
  SelfUpdateResult,
  StatusResult,
  Version,
} from '../../commands.ts';

// The results are made by the types of commands.ts; these schemas say the same to the other end.

const text = v.string();

export const version: v.GenericSchema<unknown, Version> = v.object({
  version: v.pipe(text, v.examples(['3.1.4'])),
  source: v.pipe(
    text,
    v.description('As announced.'),
    v.examples(['atlanhq/atlan-teradata-app:3.1.4']),
  ),
  image: v.pipe(text, v.description('Where it was pulled from, by digest.')),
  digest: v.pipe(text, v.examples([`sha256:${'0'.repeat(64)}`])),
});

export const failure: v.GenericSchema<unknown, Failure> = v.object({
  code: v.pipe(
    text,
    v.description('For programs. Also the type of the failure that the workflow ends with.'),
    v.examples(['CONTAINER_UNHEALTHY', 'SIGNATURE_INVALID', 'REGISTRY_NOT_FOUND']),
  ),
  message: v.pipe(
    text,
    v.description('For people: what was tried, on what, what came back, and the next step.'),
  ),
  retryable: v.pipe(
    v.boolean(),
    v.description('Whether the same command may succeed later without anybody changing anything.'),
  ),
  step: v.picklist([
    'recover',
    'resolve',
    'pull',
    'create',
    'start',
    'gate',
    'commit',
    'retire',
    'clean',
    'uninstall',
    'hand-over',
  ]),
  logs: v.pipe(
    v.array(text),
    v.description('The last lines the new version wrote, oldest first, secrets taken out.'),
  ),
});

const appOutcome = {
  commandId: text,
  command: v.picklist(['install', 'upgrade', 'uninstall', 'restart', 'rollback']),
  app: text,
  serving: v.exactOptional(
    v.pipe(version, v.description('What serves when the command ends; absent if nothing does.')),
  ),
  previous: v.exactOptional(
    v.pipe(
      version,
      v.description('What a rollback would return to; after an uninstall, what was removed.'),
    ),
  ),
  warnings: v.pipe(
    v.array(text),
    v.description('What went wrong without making the command fail.'),
  ),
};

export const appResult: v.GenericSchema<unknown, AppResult> = v.variant('outcome', [
  v.object({
    ...appOutcome,
    outcome: v.pipe(
      v.picklist(['done', 'unchanged', 'superseded']),
      v.description(
        'done: changed by this command, now or in an earlier attempt. unchanged: it was so already. superseded: a later command has replaced what this one did.',
      ),
    ),
  }),
  v.object({
    ...appOutcome,
    outcome: v.pipe(v.literal('failed'), v.description('What served before still serves.')),
    failure,
  }),
]);

const container = {
  name: text,
  containerId: text,
  state: v.picklist(['created', 'running', 'restarting', 'paused', 'exited', 'dead']),
  health: v.picklist(['none', 'starting', 'healthy', 'unhealthy']),
  startedAt: v.exactOptional(v.pipe(text, v.isoTimestamp())),
  restartCount: v.pipe(v.number(), v.integer()),
  commandId: v.pipe(text, v.description('The command that made it.')),
};
const containerStatus = v.intersect([version, v.object(container)]);

export const statusResult: v.GenericSchema<unknown, StatusResult> = v.object({
  deployment: text,
  orchestrator: v.exactOptional(containerStatus),
  apps: v.array(
    v.object({
      app: text,
      current: v.exactOptional(containerStatus),
      previous: v.exactOptional(version),
      others: v.array(containerStatus),
    }),
  ),
});

export const reconcileResult: v.GenericSchema<unknown, ReconcileResult> = v.object({
  dryRun: v.boolean(),
  actions: v.array(
    v.object({
      app: v.exactOptional(v.pipe(text, v.description('Absent for the orchestrator itself.'))),
      action: v.picklist(['keep', 'repair', 'start', 'upgrade']),
      reason: text,
      from: v.exactOptional(version),
      to: v.exactOptional(text),
      outcome: v.picklist(['planned', 'done', 'unchanged', 'failed']),
      failure: v.exactOptional(failure),
    }),
  ),
  warnings: v.array(text),
});

export const selfUpdateResult: v.GenericSchema<unknown, SelfUpdateResult> = v.variant('outcome', [
  v.object({
    commandId: text,
    serving: v.exactOptional(version),
    outcome: v.picklist(['handing-over', 'done', 'unchanged']),
  }),
  v.object({
    commandId: text,
    serving: v.exactOptional(version),
    outcome: v.literal('failed'),
    failure,
  }),
]);
