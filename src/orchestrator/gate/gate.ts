import type { Options } from '../../options.ts';
import type { Clock } from '../../registry/http/clock.ts';
import type { Container, ContainerId } from '../engine/container.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import { gateLimits, type GatePolicy } from './limits.ts';
import type { Probe } from './probe.ts';

/** What the gate works with. */
export interface GateWorld {
  readonly engine: Pick<ContainerEngine, 'checkHealth'>;
  readonly clock: Clock;
  readonly probe: Probe;
}

export interface GateOptions extends Options {
  /** Called at every look, with what was seen. */
  readonly onLook?: (seen: string) => void;
}

/** Whether a version may serve. `reason` completes "it …". */
export type GateVerdict =
  | { readonly verdict: 'good' }
  | { readonly verdict: 'bad'; readonly reason: string };

/**
 * Watches a container that was started until it has been good for the settle time, or will not be.
 *
 * Good is, for one with a health check: healthy. Otherwise, with a probe configured: it answers.
 * Otherwise: it runs, for twice the settle time, since running says less. One that started again
 * by itself is bad, however it looks afterwards.
 *
 * @throws EngineError; the signal's reason
 */
export async function passGate(
  world: GateWorld,
  id: ContainerId,
  policy: GatePolicy,
  options: GateOptions = {},
): Promise<GateVerdict> {
  const { clock } = world;
  const first = await world.engine.checkHealth(id, options);
  const limits = gateLimits(first, policy);
  const begun = clock.now();
  let container = first;
  let goodSince: number | undefined;
  for (;;) {
    const fallen = fallenReason(first, container);
    if (fallen !== undefined) return { verdict: 'bad', reason: fallen };
    const lacking = await whatIsLacking(world, container, policy, options);
    const now = clock.now();
    options.onLook?.(lacking ?? 'good');
    goodSince = lacking === undefined ? (goodSince ?? now) : undefined;
    if (goodSince !== undefined && now - goodSince >= limits.settleMs) return { verdict: 'good' };
    if (now - begun >= limits.timeoutMs) {
      const within = `within ${Math.round(limits.timeoutMs / 1000)} s`;
      return {
        verdict: 'bad',
        reason:
          lacking === undefined
            ? `was not good for ${limits.settleMs / 1000} s on end ${within}`
            : `did not become good ${within}: ${lacking}`,
      };
    }
    await clock.sleep(limits.pollMs, options.signal);
    container = await world.engine.checkHealth(id, options);
  }
}

/** Why no further waiting helps. */
function fallenReason(first: Container, now: Container): string | undefined {
  if (now.restartCount > 0 || now.startedAt !== first.startedAt) {
    return `ended and started again by itself${ended(now)}`;
  }
  switch (now.state) {
    case 'restarting':
      return `ended and is being started again${ended(now)}`;
    case 'exited':
    case 'dead':
    case 'removing':
      return `ended${ended(now)}`;
    case 'created':
      return 'was never started';
    case 'running':
    case 'paused':
      break;
  }
  return now.health === 'unhealthy' ? 'is unhealthy by its own health check' : undefined;
}

function ended(container: Container): string {
  if (container.outOfMemory) return ' for want of memory';
  return container.exitCode === undefined ? '' : ` with exit code ${container.exitCode}`;
}

/** What is missing for now; `undefined` if it is good at this moment. */
async function whatIsLacking(
  world: GateWorld,
  container: Container,
  policy: GatePolicy,
  options: Options,
): Promise<string | undefined> {
  if (container.state !== 'running') return `it is ${container.state}`;
  if (container.health !== 'none') {
    return container.health === 'healthy' ? undefined : `its health check says ${container.health}`;
  }
  if (policy.probe === undefined) return undefined;
  const host = container.network === 'host' ? '127.0.0.1' : container.addresses[0]?.ip;
  if (host === undefined) return 'it has no address in a named network to be asked at';
  return world.probe({ host, ...policy.probe }, options);
}
