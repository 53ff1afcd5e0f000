import { EngineConnection } from '../../../src/orchestrator/engine/engine-connection.ts';
import type { RealMachine } from './real-machine.ts';

/** The first process of a container, as the host numbers it. */
export async function processOf(machine: RealMachine, id: string): Promise<number> {
  const connection = new EngineConnection(machine.server.socketPath);
  const { body } = await connection.send({
    method: 'GET',
    path: `/v1.41/containers/${id}/json`,
    what: 'find the process',
  });
  const { State } = JSON.parse(body) as { readonly State: { readonly Pid: number } };
  return State.Pid;
}
