/** The task queue of a deployment's orchestrator. */
export function orchestratorQueue(deployment: string): string {
  return `atlan-sdr-${deployment}`;
}
