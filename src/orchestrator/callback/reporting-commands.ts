import { errorMessage } from '../../errors.ts';
import { silentLogger, type Logger } from '../../log.ts';
import { systemClock, type Clock } from '../../registry/http/clock.ts';
import type { AppResult, Commands, SelfUpdateResult, Version } from '../commands.ts';
import type { DeploymentEvent } from './deployment-event.ts';
import type { Outbox } from './outbox.ts';

export interface ReportingOptions {
  readonly deployment: string;
  readonly outbox: Outbox;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** Commands that leave word of every change that is past its commit point. */
export interface ReportingCommands extends Commands {
  /**
   * Leaves word of the version this orchestrator runs. For the one that has just taken over: who
   * asked for the update may have been the hourly reconcile, which ended with its predecessor.
   */
  reportSelf(): Promise<void>;
}

/**
 * Decorates commands with events for the control plane. An event that cannot be noted is a warning
 * and never a failure: what serves, serves.
 */
export function createReportingCommands(
  commands: Commands,
  options: ReportingOptions,
): ReportingCommands {
  const { deployment, outbox, clock = systemClock, logger = silentLogger } = options;

  async function note(change: Change): Promise<string | undefined> {
    const { app, commandId } = change;
    const event: DeploymentEvent = {
      id: [deployment, app ?? '', commandId].join('/'),
      type: 'deployment.changed',
      at: new Date(clock.now()).toISOString(),
      deployment,
      ...change,
    };
    try {
      await outbox.put(event);
      return undefined;
    } catch (error) {
      const reason = errorMessage(error);
      logger.error('a change could not be noted for the control plane', {
        event: event.id,
        reason,
      });
      return `the control plane is not told of this: its event could not be written: ${reason}`;
    }
  }

  async function reportApp(working: Promise<AppResult>): Promise<AppResult> {
    const result = await working;
    // What a later command has replaced is old news, and that command has left its own.
    if (result.outcome === 'failed' || result.outcome === 'superseded') return result;
    const { app, commandId, serving, previous } = result;
    const warning = await note({ app, commandId, ...versions(serving, previous) });
    return warning === undefined ? result : { ...result, warnings: [...result.warnings, warning] };
  }

  async function reportUpdate(working: Promise<SelfUpdateResult>): Promise<SelfUpdateResult> {
    const result = await working;
    if (result.outcome !== 'done' && result.outcome !== 'unchanged') return result;
    await note({ commandId: result.commandId, ...versions(result.serving) });
    return result;
  }

  return {
    install: async (request, o) => reportApp(commands.install(request, o)),
    upgrade: async (request, o) => reportApp(commands.upgrade(request, o)),
    uninstall: async (request, o) => reportApp(commands.uninstall(request, o)),
    restart: async (request, o) => reportApp(commands.restart(request, o)),
    rollback: async (request, o) => reportApp(commands.rollback(request, o)),
    status: async (request, o) => commands.status(request, o),
    selfUpdate: async (request, o) => reportUpdate(commands.selfUpdate(request, o)),
    async reconcile(request, o) {
      const result = await commands.reconcile(request, o);
      const changed = result.actions.filter(
        ({ action, outcome }) => outcome === 'done' && action !== 'keep',
      );
      const warnings: string[] = [];
      for (const { app, from } of changed) {
        if (app === undefined) continue;
        const current = (await commands.status({ app }, o)).apps[0]?.current;
        if (current === undefined) continue;
        const { commandId, version, source, image, digest } = current;
        const serving = { version, source, image, digest };
        const warning = await note({ app, commandId, ...versions(serving, from) });
        if (warning !== undefined) warnings.push(`${app}: ${warning}`);
      }
      return warnings.length === 0
        ? result
        : { ...result, warnings: [...result.warnings, ...warnings] };
    },
    async reportSelf() {
      const { orchestrator } = await commands.status();
      if (orchestrator === undefined) return;
      const { commandId, version, source, image, digest } = orchestrator;
      await note({ commandId, serving: { version, source, image, digest } });
    },
  };
}

type Change = Pick<DeploymentEvent, 'app' | 'commandId' | 'serving' | 'previous'>;

function versions(serving?: Version, previous?: Version): Pick<Change, 'serving' | 'previous'> {
  return {
    ...(serving === undefined ? {} : { serving }),
    ...(previous === undefined ? {} : { previous }),
  };
}
