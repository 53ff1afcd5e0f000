import { silentLogger } from '../../../src/log.ts';
import { systemClock } from '../../../src/registry/http/clock.ts';
import {
  atDigest,
  parseReferenceParts,
  type DigestReference,
} from '../../../src/registry/reference.ts';
import { RegistryError } from '../../../src/errors.ts';
import type { CommandsWorld } from '../../../src/orchestrator/create-commands.ts';
import type { ContainerEngine } from '../../../src/orchestrator/engine/container-engine.ts';
import { createSocketEngine } from '../../../src/orchestrator/engine/socket-engine.ts';
import { httpProbe } from '../../../src/orchestrator/gate/probe.ts';
import { SelfUpdateBoard } from '../../../src/orchestrator/self-update/board.ts';
import { DEPLOYMENT, FakeApps, FakeImages } from '../../support/orchestrator/app-world.ts';
import {
  startDockerRegistry,
  type DistributionServer,
} from '../../support/servers/distribution.ts';
import { publishRunnable, type RunnableOptions } from '../../support/servers/engine-images.ts';
import { allStarted, Endings } from '../../support/servers/endings.ts';
import type { EngineServer } from '../../support/servers/engine-server.ts';
import { FakeReleaseSource } from '../../fakes/release-source.ts';

const healthy = (seconds: number): NonNullable<RunnableOptions['healthCheck']> => ({
  Test: ['CMD', 'test', '-f', '/tmp/healthy'],
  Interval: seconds * 1_000_000_000,
  Retries: 2,
});

/** An app as the vendor's: it serves when it says so, and ends politely, finishing what it began. */
const serves = (says: string, then = ''): string =>
  `mkdir -p /tmp/www; echo ${says} > /tmp/www/version; ` +
  'httpd -f -p 8000 -h /tmp/www & H=$!; trap "kill $H; sleep 0.5; exit 0" TERM; ' +
  `touch /tmp/healthy; ${then} wait $H`;

const ends = 'trap "exit 0" TERM;';

/** What the versions of the app are like. */
const VERSIONS: Readonly<Record<string, RunnableOptions>> = {
  '1': { script: serves('one'), healthCheck: healthy(1) },
  '2': { script: serves('two'), healthCheck: healthy(1) },
  unhealthy: {
    script: `${ends} echo no database; while true; do sleep 0.1; done`,
    healthCheck: healthy(0.3),
  },
  'crash-looping': { script: 'echo no configuration; exit 3', healthCheck: healthy(0.3) },
  /** Passes its gate, and ends soon after it has taken over, each time. */
  unstable: { script: serves('unstable', 'sleep 8; exit 5;'), healthCheck: healthy(0.3) },
  // Without a health check, which costs an engine more than the container itself: for many at once.
  'probed-1': { script: serves('one') },
  'probed-2': { script: serves('two') },
  silent: { script: `${ends} echo no database; sleep 60 & wait $!` },
  'late-crashing': { script: serves('late', 'sleep 0.7; exit 4;') },
};

/** A real engine with a registry of the app's versions. */
export class RealMachine {
  readonly engine: ContainerEngine;
  readonly server: EngineServer;
  readonly #registry: DistributionServer;
  readonly #images: Map<string, DigestReference>;
  #published: Promise<void> = Promise.resolve();

  private constructor(
    server: EngineServer,
    registry: DistributionServer,
    images: Map<string, DigestReference>,
  ) {
    this.server = server;
    this.#registry = registry;
    this.#images = images;
    this.engine = createSocketEngine({ socketPath: server.socketPath });
  }

  static async start(startEngine: () => Promise<EngineServer>): Promise<RealMachine> {
    const [registry, server] = await allStarted(startDockerRegistry(), startEngine());
    const images = new Map<string, DigestReference>();
    const machine = new RealMachine(server, registry, images);
    try {
      for (const [version, options] of Object.entries(VERSIONS)) {
        images.set(version, await publishRunnable(registry, 'atlan/app', options, version));
      }
      await machine.engine.ensureNetwork('atlan', {});
    } catch (error) {
      await machine.stop();
      throw error;
    }
    return machine;
  }

  async stop(): Promise<void> {
    const endings = new Endings();
    endings.add(this.#registry.stop);
    endings.add(this.server.stop);
    await endings.run();
  }

  /**
   * Publishes a version as an image of one app alone, since apps clean up what only they needed.
   *
   * @returns its tag
   */
  async publishFor(app: string, version: string): Promise<string> {
    const tag = `${app}-${version}`;
    const options = VERSIONS[version];
    if (options === undefined) return tag;
    const own = { ...options, labels: { app } };
    // One after the other: Distribution 2.8 loses a layer that two push at once.
    const publish = async (): Promise<void> => {
      this.#images.set(tag, await publishRunnable(this.#registry, 'atlan/app', own, tag));
    };
    this.#published = this.#published.then(publish);
    await this.#published;
    return tag;
  }

  /** The image of a version. */
  image(version: string): DigestReference {
    const image = this.#images.get(version);
    if (image !== undefined) return image;
    throw new RegistryError('REGISTRY_NOT_FOUND', `there is no version ${version}`);
  }

  /** The world of commands as one process sees it. */
  world(engine: ContainerEngine = this.engine, apps: FakeApps = fastApps()): CommandsWorld {
    const images = new FakeImages();
    return {
      deployment: DEPLOYMENT,
      engine,
      clock: systemClock,
      probe: httpProbe,
      images: {
        admit: async (announced) => {
          const { tag = '' } = parseReferenceParts(announced);
          const image = atDigest(this.image(tag), this.image(tag).digest);
          return { image, credential: { kind: 'anonymous', origin: 'test' }, warnings: [] };
        },
        admitDigest: async (announced, image) => images.admitDigest(announced, image),
      },
      apps,
      releases: new FakeReleaseSource(),
      orchestratorName: 'sdr-orchestrator',
      ownId: undefined,
      board: new SelfUpdateBoard(),
      logger: silentLogger,
      gateSettleSeconds: 1,
      autoUpdateSelf: false,
    };
  }
}

/** Apps that are judged within a second or two: by their health check, else by a probe. */
export function fastApps(more: Partial<FakeApps> = {}): FakeApps {
  const probe = { port: 8000, path: '/version' };
  const fast = { settleSeconds: 1, stopGraceSeconds: 5, probe };
  return Object.assign(new FakeApps(), fast, more);
}
