import { ConfigError } from '../../errors.ts';

/** Where the component files are in an app's container. */
export const COMPONENTS_TARGET = '/app/components';

/**
 * Refuses what cannot be part of the names of containers and queues.
 *
 * @throws ConfigError going on from the text, which it does not repeat
 */
export function checkAppName(text: string): void {
  if (/^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/.test(text)) return;
  throw new ConfigError(
    'is not the name of an app: use up to 63 lower-case letters, digits, "-", "_" and ".", with a letter or digit at both ends',
  );
}

/**
 * Whether a release is of an orchestrator: of this one, by the name it is given, or of the vendor's,
 * which are announced among the apps (`sdr-orchestrator-k8s`) and are none.
 */
export function isOrchestrator(appName: string, own: string): boolean {
  return appName === own || /^sdr-orchestrator(?:-|$)/.test(appName);
}

/**
 * The name of an app's container, `atlan-teradata-prod`: it ends in the deployment, which holds no
 * dot, so that no app is called like another one's container in the midst of a swap.
 */
export function containerName(deployment: string, app: string): string {
  return `atlan-${app}-${deployment}`;
}

/** The queue an app takes its work from. */
export function taskQueue(deployment: string, app: string): string {
  return `atlan-${app}-${deployment}`;
}

/** Names by which others in the network find an app, whichever version serves. */
export function networkAliases(deployment: string, app: string): readonly string[] {
  return [app, containerName(deployment, app)];
}
