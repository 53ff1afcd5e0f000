import { join } from 'node:path';
import { execa } from 'execa';
import { binary } from './binaries.ts';

/** What has to be installed to build the images here, and to run them. */
export const IMAGE_TOOLS: readonly string[] = ['debian-base', 'podman', 'dockerd', 'docker'];

/** Building takes minutes where nothing is kept of an earlier time. */
export const BUILD_TIMEOUT_MS = 1_200_000;

/** Archives of images. */
export interface BuiltImages {
  readonly mirror: string;
  readonly orchestrator: string;
}

/** The images that the Dockerfile makes for this machine; built if they are not there yet. */
export async function builtImages(): Promise<BuiltImages> {
  return archivesIn(process.env['SDR_MIRROR_IMAGES'] ?? (await build()));
}

/** The same for linux/arm64. Needs the program `debian-base-arm64`. */
export async function builtArm64Images(): Promise<BuiltImages> {
  return archivesIn(process.env['SDR_MIRROR_IMAGES_ARM64'] ?? (await build('arm64')));
}

function archivesIn(folder: string): BuiltImages {
  return { mirror: join(folder, 'mirror.tar'), orchestrator: join(folder, 'orchestrator.tar') };
}

async function build(...architectures: readonly string[]): Promise<string> {
  const script = join(import.meta.dirname, '../../../scripts/build-images.sh');
  return (await execa(script, architectures)).stdout;
}

/** A command on its way; what it ends with comes as a result, whatever it is. */
export interface RunningCommand extends PromiseLike<{
  readonly exitCode?: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}> {
  readonly stderr: NodeJS.ReadableStream;
  readonly kill: (signal: NodeJS.Signals) => boolean;
}

/** Docker's own command line, for one engine. */
export class DockerCommand {
  readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  /** Runs it, and gives what it prints. Rejects with what it complains of. */
  async run(...args: readonly string[]): Promise<string> {
    return (await execa(binary('docker'), args, { env: this.environment })).stdout;
  }

  /** Starts it; whatever it ends with is a result. */
  start(args: readonly string[]): RunningCommand {
    return execa(binary('docker'), args, { env: this.environment, reject: false });
  }

  /** The files of an image, as tar lists them. */
  async list(image: string): Promise<string> {
    const container = await this.run('create', image);
    try {
      const exported = execa(binary('docker'), ['export', container], {
        env: this.environment,
        buffer: false,
      });
      return (await exported.pipe('tar', ['-tv'])).stdout;
    } finally {
      await this.run('rm', container);
    }
  }

  /** What lets any client of Docker find the engine. */
  get environment(): Readonly<Record<string, string>> {
    return { DOCKER_HOST: `unix://${this.socketPath}`, DOCKER_BUILDKIT: '0' };
  }
}
