import { generateKeyPairSync } from 'node:crypto';
import { loadConfig, type LoadConfigOptions, type Section } from '../../src/config/load.ts';
import type { Config } from '../../src/config/config.ts';
import { ConfigError } from '../../src/errors.ts';

export interface ConfigWorld {
  /** Absolute paths and what the files hold. */
  readonly files?: Readonly<Record<string, string>>;
  /** Absolute paths. */
  readonly folders?: readonly string[];
  /** Instead of them. */
  readonly readFile?: LoadConfigOptions['readFile'];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly path?: string;
  readonly overrides?: LoadConfigOptions['overrides'];
  readonly sections?: readonly Section[];
}

/** The folder that `mirror.yaml` lies in and relative paths start at. */
export const CWD = '/srv/job';

/** Loads `text` as `mirror.yaml`, or no file at all, in a world of its own. */
export function load(text: string | undefined, world: ConfigWorld = {}): Promise<Config> {
  const files: Readonly<Record<string, string | undefined>> = {
    ...(text === undefined ? {} : { [`${CWD}/mirror.yaml`]: text }),
    ...world.files,
  };
  return loadConfig({
    env: world.env ?? {},
    cwd: CWD,
    path: world.path,
    overrides: world.overrides ?? {},
    ...(world.sections === undefined ? {} : { sections: world.sections }),
    readFile: async (path) => {
      const content = files[path];
      if (content === undefined && world.readFile !== undefined) return world.readFile(path);
      if (content !== undefined) return content;
      if (world.folders?.includes(path) === true) {
        throw Object.assign(new Error('EISDIR: illegal operation on a directory'), {
          code: 'EISDIR',
        });
      }
      throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' });
    },
  });
}

/** The problems that loading finds, one line each as they are shown; none if it succeeds. */
export async function problems(
  text: string | undefined,
  world: ConfigWorld = {},
): Promise<readonly string[]> {
  try {
    await load(text, world);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}

/** The least that loads; tests append to it. */
export const MINIMAL = `releases: { url: https://acme.atlan.com, token: t0ken }
target: { image: "registry.example/atlan/{name}:{tag}" }
map: { store: file:image-map.yaml }
`;

/** A public key, as PEM text. */
export const PUBLIC_KEY: string = generateKeyPairSync('ed25519')
  .publicKey.export({ format: 'pem', type: 'spki' })
  .toString();
