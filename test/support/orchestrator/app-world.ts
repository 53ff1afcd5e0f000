import { RegistryError } from '../../../src/errors.ts';
import { silentLogger } from '../../../src/log.ts';
import { parseReferenceParts } from '../../../src/registry/reference.ts';
import type { ContainerLabels } from '../../../src/orchestrator/app-spec/labels.ts';
import { formatLabels } from '../../../src/orchestrator/app-spec/labels.ts';
import { containerName } from '../../../src/orchestrator/app-spec/names.ts';
import type { CommandsWorld } from '../../../src/orchestrator/create-commands.ts';
import type { ContainerEngine } from '../../../src/orchestrator/engine/container-engine.ts';
import type {
  AppContainers,
  AppPolicy,
  ImageSource,
  WantedApp,
} from '../../../src/orchestrator/lifecycle/ports.ts';
import { SelfUpdateBoard } from '../../../src/orchestrator/self-update/board.ts';
import { FakeContainerEngine } from '../../fakes/container-engine.ts';
import { imageNamed, plainSpec } from '../../fakes/container-engine-specs.ts';
import { programs, type Program } from '../../fakes/container-engine-programs.ts';
import { FakeReleaseSource } from '../../fakes/release-source.ts';
import { fakeProbe } from './swap-world.ts';

export const DEPLOYMENT = 'prod';

/** What of the world of commands a test about the orchestrator alone needs. */
export function noApps(): { readonly images: ImageSource; readonly apps: AppContainers } {
  return { images: new FakeImages(), apps: new FakeApps() };
}

/** Resolves `<anything>:<tag>` to the image the fake engine knows by the tag. */
export class FakeImages implements ImageSource {
  /** What the next admission meets, until `undefined`. */
  failure: Error | undefined;
  readonly admitted: string[] = [];

  async admit(announced: string): ReturnType<ImageSource['admit']> {
    if (this.failure !== undefined) throw this.failure;
    this.admitted.push(announced);
    const { tag } = parseReferenceParts(announced);
    if (tag === undefined) throw new RegistryError('REGISTRY_NOT_FOUND', `no ${announced}`);
    return {
      image: imageNamed(tag),
      credential: { kind: 'anonymous', origin: 'test' },
      warnings: [],
    };
  }

  async admitDigest(
    _announced: string,
    image: ContainerLabels['image'],
  ): ReturnType<ImageSource['admit']> {
    if (this.failure !== undefined) throw this.failure;
    return { image, credential: { kind: 'anonymous', origin: 'test' }, warnings: [] };
  }
}

/** Containers with the fewest settings; `setting` stands for everything in the configuration. */
export class FakeApps implements AppContainers {
  setting = 'a';
  swap: AppPolicy['swap'] = 'blue-green';
  settleSeconds = 10;
  stopGraceSeconds = 30;
  /** Asked where the image has no health check, until the timeout. */
  probe: AppPolicy['gate']['probe'];
  timeoutSeconds: number | undefined;
  /** Where two versions cannot run at once. */
  hostPort: number | undefined;
  readonly automatic: Set<string> = new Set<string>();

  autoUpdate(app: string): boolean {
    return this.automatic.has(app);
  }

  policy(): AppPolicy {
    return {
      swap: this.swap,
      gate: {
        probe: this.probe,
        settleSeconds: this.settleSeconds,
        timeoutSeconds: this.timeoutSeconds,
      },
      stopGraceSeconds: this.stopGraceSeconds,
    };
  }

  async make(wanted: WantedApp): ReturnType<AppContainers['make']> {
    const specHash = `${wanted.image.digest} ${this.setting}`;
    const labels = formatLabels({ ...wanted, deployment: DEPLOYMENT, role: 'app', specHash });
    const spec = plainSpec(containerName(DEPLOYMENT, wanted.app), wanted.image, {
      labels,
      environment: { SETTING: this.setting },
      restart: 'unless-stopped',
      network: [{ name: 'atlan', aliases: [wanted.app] }],
      ports:
        this.hostPort === undefined
          ? []
          : [{ containerPort: 8000, protocol: 'tcp', hostPort: this.hostPort }],
    });
    return { ...this.policy(), spec, specHash };
  }
}

/** A fake machine on which apps can be installed. */
export class AppMachine {
  readonly engine: FakeContainerEngine = new FakeContainerEngine();
  readonly images: FakeImages = new FakeImages();
  readonly apps: FakeApps = new FakeApps();
  readonly releases: FakeReleaseSource = new FakeReleaseSource();

  publish(versions: Readonly<Record<string, Program>>): this {
    for (const [version, program] of Object.entries(versions)) {
      this.engine.publish(imageNamed(version), program);
    }
    return this;
  }

  /** The world as one process sees it. */
  world(engine: ContainerEngine = this.engine): CommandsWorld {
    return {
      deployment: DEPLOYMENT,
      engine,
      clock: this.engine.clock,
      probe: fakeProbe(this.engine),
      images: this.images,
      apps: this.apps,
      releases: this.releases,
      orchestratorName: 'sdr-orchestrator',
      ownId: undefined,
      board: new SelfUpdateBoard(),
      logger: silentLogger,
      gateSettleSeconds: 10,
      autoUpdateSelf: false,
    };
  }
}

export { programs };
