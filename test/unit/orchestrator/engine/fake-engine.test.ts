import { containerEngineContract, type Behaviour } from '../../../contracts/container-engine.ts';
import { FakeContainerEngine } from '../../../fakes/container-engine.ts';
import { everySecond, programs, type Program } from '../../../fakes/container-engine-programs.ts';
import { imageNamed } from '../../../fakes/container-engine-specs.ts';

const twice = { ...everySecond, intervalMs: 500, retries: 2 };
const prints = [
  { stream: 'stdout', text: 'out' },
  { stream: 'stderr', text: 'err' },
] as const;

const behaviours: Readonly<Record<Behaviour, Program>> = {
  good: { ...programs.good, healthCheck: twice, log: prints },
  bare: { ...programs.unchecked, log: prints },
  unhealthy: { ...programs.unhealthy, healthCheck: twice },
  crashLooping: programs.crashLooping,
  endsAtOnce: { ends: { afterMs: 10, exitCode: 5 } },
  stubborn: { drainMs: Number.POSITIVE_INFINITY, log: prints.slice(0, 1) },
};

const engine = new FakeContainerEngine();

containerEngineContract('the fake engine', () => ({
  engine,
  publish: (behaviour) => {
    const image = imageNamed(behaviour);
    engine.publish(image, behaviours[behaviour]);
    return image;
  },
  pause: async () => engine.clock.sleep(100),
  now: () => engine.clock.now(),
  isRootless: false,
  limitsResources: true,
  folder: '/srv',
}));
