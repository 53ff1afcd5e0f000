import { ConfigError } from '../../../src/errors.ts';
import type { OrchestratorConfig } from '../../../src/orchestrator/config/config.ts';
import {
  loadOrchestratorConfig,
  type LoadedConfig,
} from '../../../src/orchestrator/config/load.ts';
import type { Section } from '../../../src/orchestrator/config/sections.ts';
import type { SourceOptions } from '../../../src/orchestrator/config/sources.ts';

/** What surrounds `config.yaml`. */
export interface OrchestratorWorld {
  /** The `.env` beside it. */
  readonly dotenv?: string;
  /** Absolute paths and what the files hold. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly path?: string;
  readonly envFile?: string;
}

/** The folder that `config.yaml` lies in. */
export const CWD = '/etc/sdr';

/** The least that loads, in the layout with `components:`; tests append to it. */
export const MINIMAL = `atlan:
  deployment_name: prod
  domain: acme.atlan.com
  client_id: the-client
  client_secret: the-secret
components:
  objectstore:
    type: bindings.aws.s3
    metadata:
      - { name: bucket, value: acme-sdr }
      - { name: region, value: eu-central-1 }
`;

/** Where a configuration is read from in that world. */
export function sourcesOf(text: string | undefined, world: OrchestratorWorld = {}): SourceOptions {
  const files: Readonly<Record<string, string | undefined>> = {
    [`${CWD}/config.yaml`]: text,
    [`${CWD}/.env`]: world.dotenv,
    ...world.files,
  };
  return {
    env: world.env ?? {},
    cwd: CWD,
    path: world.path,
    envFile: world.envFile,
    readFile: async (path) => {
      const content = files[path];
      if (content !== undefined) return content;
      throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' });
    },
  };
}

/** Loads `text` as `config.yaml` in a world of its own. */
export async function load(
  text: string | undefined,
  world: OrchestratorWorld = {},
): Promise<OrchestratorConfig> {
  return (await loadOrchestratorConfig(sourcesOf(text, world))).config;
}

/** Loads only some sections. */
export async function loadSections<Needed extends Section>(
  sections: readonly Needed[],
  text: string,
  world: OrchestratorWorld = {},
): Promise<LoadedConfig<Needed>> {
  return loadOrchestratorConfig({ ...sourcesOf(text, world), sections });
}

/** The problems that loading finds, one line each as they are shown; none if it succeeds. */
export async function problems(
  text: string | undefined,
  world: OrchestratorWorld = {},
): Promise<readonly string[]> {
  try {
    await load(text, world);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}
