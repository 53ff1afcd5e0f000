import type { ContainerEngine } from '../../../src/orchestrator/engine/container-engine.ts';
import type { Container } from '../../../src/orchestrator/engine/container.ts';
import type { ContainerSpec } from '../../../src/orchestrator/engine/container-spec.ts';
import type { Probe } from '../../../src/orchestrator/gate/probe.ts';
import { isUp, type Wish } from '../../../src/orchestrator/swap/next-step.ts';
import type { SwapTask, SwapWorld } from '../../../src/orchestrator/swap/task.ts';
import { FakeContainerEngine } from '../../fakes/container-engine.ts';
import { imageNamed, plainSpec } from '../../fakes/container-engine-specs.ts';
import { programs, type Program } from '../../fakes/container-engine-programs.ts';

export type Strategy = 'blue-green' | 'stop-first';

export const APP = 'atlan-teradata-prod';
export const NETWORK = 'atlan';
export const ALIAS = 'teradata';
export const LABELS: Readonly<Record<string, string>> = { 'test.app': 'teradata' };

/** What the fake's containers answer over HTTP. */
export function fakeProbe(engine: FakeContainerEngine): Probe {
  return async ({ host }) => {
    const status = engine.httpStatus(host);
    return status === 200 ? undefined : `it answers ${status ?? 'nothing'}`;
  };
}

/** A fake engine with the versions published and pulled. */
export async function engineWith(
  versions: Readonly<Record<string, Program>>,
): Promise<FakeContainerEngine> {
  const engine = new FakeContainerEngine();
  await engine.ensureNetwork(NETWORK, {});
  for (const [version, program] of Object.entries(versions)) {
    engine.publish(imageNamed(version), program);
    await engine.pull(imageNamed(version), { kind: 'anonymous', origin: 'test' });
  }
  return engine;
}

/** How a process that may die sees the engine. */
export function worldOf(fake: FakeContainerEngine, engine: ContainerEngine = fake): SwapWorld {
  return { engine, clock: fake.clock, probe: fakeProbe(fake) };
}

export function specOf(version: string, strategy: Strategy): ContainerSpec {
  return plainSpec(APP, imageNamed(version), {
    labels: { ...LABELS, 'test.version': version },
    restart: 'unless-stopped',
    network: [{ name: NETWORK, aliases: [ALIAS] }],
    // Two of them cannot run at once.
    ports:
      strategy === 'blue-green' ? [] : [{ containerPort: 80, protocol: 'tcp', hostPort: 8080 }],
  });
}

export function taskFor(version: string, strategy: Strategy): SwapTask {
  return {
    subject: { name: APP, labels: LABELS },
    spec: specOf(version, strategy),
    strategy,
    gate: {
      probe: { port: 8000, path: '/server/health' },
      settleSeconds: 10,
      timeoutSeconds: undefined,
    },
    stopGraceSeconds: 30,
    redact: (line) => line,
  };
}

export function wishFor(version: string, strategy: Strategy): Wish {
  return {
    kind: 'run',
    strategy,
    isFulfilledBy: (current) => versionOf(current) === version && isUp(current),
    isCandidate: (green) => versionOf(green) === version,
  };
}

export function versionOf(container: Container | undefined): string | undefined {
  return container?.labels['test.version'];
}

export { programs };
