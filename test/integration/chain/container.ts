import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { listeningPorts } from '../../support/listening.ts';
import type { DockerCommand } from '../../support/servers/built-images.ts';

/** What a container is, by the engine and by the kernel. */
export interface SeenContainer {
  readonly id: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: string | undefined;
  readonly readOnlyRoot: boolean;
  /** Of its first process, as the host sees it. */
  readonly users: readonly string[];
  /** The sets of capabilities that are not empty. */
  readonly capabilities: readonly string[];
  readonly mayGainPrivileges: boolean;
  /** TCP ports it listens on. */
  readonly ports: readonly number[];
}

interface Inspected {
  readonly Id: string;
  readonly Image: string;
  readonly State: { readonly Pid: number; readonly Health?: { readonly Status: string } };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: { readonly ReadonlyRootfs: boolean };
}

/** Looks at a running container from outside. */
export async function see(
  engine: Pick<DockerCommand, 'run'>,
  name: string,
): Promise<SeenContainer> {
  const text = await engine.run('container', 'inspect', name);
  const [{ Id, Image, State, Config, HostConfig }] = JSON.parse(text) as [Inspected];
  const status = new Map(
    readFileSync(`/proc/${State.Pid}/status`, 'utf8')
      .split('\n')
      .map((line) => line.split(':\t') as [string, string | undefined]),
  );
  return {
    id: Id,
    image: Image,
    labels: Config.Labels,
    health: State.Health?.Status,
    readOnlyRoot: HostConfig.ReadonlyRootfs,
    users: status.get('Uid')?.split('\t') ?? [],
    capabilities: ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].filter(
      (set) => !/^0+$/.test(status.get(set) ?? ''),
    ),
    mayGainPrivileges: status.get('NoNewPrivs') !== '1',
    ports: listeningPorts(State.Pid),
  };
}

/** Not root, no capability, none to be had, nothing to write to, and no port that it listens on. */
export function assertUnprivileged(container: SeenContainer, user: string): void {
  assert.notEqual(user, '0');
  const { users, capabilities, mayGainPrivileges, ports, readOnlyRoot } = container;
  assert.deepEqual(
    { users, capabilities, mayGainPrivileges, ports, readOnlyRoot },
    {
      // Real, effective, saved, and of the file system.
      users: Array.from({ length: 4 }, () => user),
      capabilities: [],
      mayGainPrivileges: false,
      ports: [],
      readOnlyRoot: true,
    },
  );
}
