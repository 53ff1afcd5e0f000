import * as v from 'valibot';
import type { Secret } from '../../../secret.ts';
import { parseDuration } from '../../../settings/duration.ts';
import {
  about,
  flag,
  list,
  oneOf,
  optional,
  secret,
  text,
  wholeNumber,
  type Schema,
} from '../../../settings/fields.ts';
import { parsePublishedPort } from './ports.ts';
import { checkAppName } from '../../app-spec/names.ts';
import { checkAbsolute, checkUrlPath, parseSize } from './texts.ts';

export interface HealthSettings {
  readonly probe?: boolean;
  readonly port?: number;
  readonly path?: string;
  readonly settle?: string;
  readonly timeout?: string;
}

export interface MountSettings {
  readonly source: string;
  readonly target: string;
  readonly read_only?: boolean;
}

export interface AppSettings {
  readonly auto_update?: boolean;
  readonly swap?: 'blue-green' | 'stop-first';
  readonly stop_grace?: string;
  readonly health?: HealthSettings;
  readonly cpus?: number;
  readonly memory?: string;
  readonly pids?: number;
  readonly environment?: Readonly<Record<string, Secret>>;
  readonly mounts?: readonly MountSettings[];
  readonly ports?: readonly string[];
  readonly extra_hosts?: Readonly<Record<string, string>>;
  readonly dns?: readonly string[];
  readonly read_only?: boolean;
  readonly log?: { readonly max_size?: string; readonly files?: number };
}

export type AppsSettings = Readonly<Record<string, AppSettings>>;

/** The settings of all apps that have none of their own. */
export const EVERY_APP = '*';

const health: Schema<HealthSettings> = about(
  v.strictObject({
    probe: optional(
      flag({
        title: 'Probe',
        description:
          'Whether a new version is asked over http if its image has no health check. `false`: it must only keep running. Default: true.',
      }),
    ),
    port: optional(
      wholeNumber({ title: 'Port', description: 'Port of the app. Default: 8000.' }, 1, 65_535),
    ),
    path: optional(
      text(
        { title: 'Path', description: 'What is asked for. Default: `/server/health`.' },
        checkUrlPath,
      ),
    ),
    settle: optional(
      text(
        {
          title: 'Settle time',
          description: 'How long a new version must stay healthy before it serves. Default: 10s.',
          examples: ['10s'],
        },
        parseDuration,
      ),
    ),
    timeout: optional(
      text(
        {
          title: 'Timeout',
          description:
            "How long a new version may take to become healthy. Default: what its image's health check allows, and without one 5m.",
          examples: ['10m'],
        },
        parseDuration,
      ),
    ),
  }),
  { title: 'Health', description: 'What a new version must show before it serves.' },
);

const mount: Schema<MountSettings> = about(
  v.strictObject({
    source: text({
      title: 'Source',
      description: 'An absolute path on the host, or the name of a volume.',
      examples: ['/srv/drivers', 'teradata-cache'],
    }),
    target: text({ title: 'Target', description: 'Path in the container.' }, checkAbsolute),
    read_only: optional(
      flag({
        title: 'Read-only',
        description: 'Whether the app may not write there. Default: false.',
      }),
    ),
  }),
  { title: 'Mount', description: 'A folder, file or volume for the app.' },
);

const app: Schema<AppSettings> = about(
  v.pipe(
    v.strictObject({
      auto_update: optional(
        flag({
          title: 'Update by itself',
          description:
            'Whether reconciling upgrades the app to the latest release. Default: false.',
        }),
      ),
      swap: optional(
        oneOf(['blue-green', 'stop-first'], {
          title: 'Swap',
          description:
            '`blue-green` starts the new version beside the old one, `stop-first` after it. Default: `stop-first` with a published port, else `blue-green`.',
        }),
      ),
      stop_grace: optional(
        text(
          {
            title: 'Grace',
            description:
              'How long the app may take to end its work before it is ended. Default: 1h.',
            examples: ['1h'],
          },
          parseDuration,
        ),
      ),
      health: optional(health),
      cpus: optional(
        about(v.pipe(v.number(), v.minValue(0.01, 'is less than 0.01')), {
          title: 'CPUs',
          description: "Most CPUs' worth of time.",
          examples: [1.5],
        }),
      ),
      memory: optional(
        text({ title: 'Memory', description: 'Most memory.', examples: ['2g'] }, parseSize),
      ),
      pids: optional(
        wholeNumber(
          { title: 'Processes', description: 'Most processes and threads.' },
          16,
          4_194_304,
        ),
      ),
      environment: optional(
        about(
          v.record(text({ title: 'Name', description: 'Name of the variable.' }), secretOrEmpty()),
          {
            title: 'Environment',
            description: 'Variables for the app, stronger than those every app gets.',
          },
        ),
      ),
      mounts: optional(list(mount, { title: 'Mounts', description: 'What the app gets to see.' })),
      ports: optional(
        list(
          text(
            {
              title: 'Port',
              description: '`[address:]host port:container port[/udp]`.',
              examples: ['127.0.0.1:8000:8000'],
            },
            parsePublishedPort,
          ),
          { title: 'Ports', description: 'Ports of the host that lead to the app.' },
        ),
      ),
      extra_hosts: optional(
        about(
          v.record(
            text({ title: 'Host', description: 'A host name.' }),
            text({ title: 'Address', description: 'Its address, or `host-gateway`.' }),
          ),
          { title: 'Further hosts', description: 'Addresses that no name server knows.' },
        ),
      ),
      dns: optional(
        list(text({ title: 'Address', description: 'A name server.' }), {
          title: 'Name servers',
          description: "Instead of the engine's.",
        }),
      ),
      read_only: optional(
        flag({
          title: 'Read-only',
          description:
            'Whether the app may write only to `/tmp` and `/app/local`, which are then kept in memory. Default: false.',
        }),
      ),
      log: optional(
        about(
          v.strictObject({
            max_size: optional(
              text({ title: 'Size', description: 'Of one file. Default: 50m.' }, parseSize),
            ),
            files: optional(
              wholeNumber({ title: 'Files', description: 'How many. Default: 3.' }, 1, 100),
            ),
          }),
          { title: 'Log', description: 'How much of the log the engine keeps.' },
        ),
      ),
    }),
    v.forward(
      v.partialCheck(
        [['swap'], ['ports']],
        ({ swap, ports = [] }) => swap !== 'blue-green' || ports.length === 0,
        'blue-green cannot be with published ports: two containers cannot have the same one. Write stop-first, or leave out ports',
      ),
      ['swap'],
    ),
  ),
  { title: 'App', description: "How an app's container is made and swapped." },
);

function secretOrEmpty(): Schema<Secret> {
  return secret({ title: 'Value', description: 'Value of the variable.' });
}

const appName = text(
  {
    title: 'App',
    description: 'Name of an app, or `*` for every app.',
    examples: ['teradata', '*'],
  },
  (name) => {
    if (name !== EVERY_APP) checkAppName(name);
  },
);

export const appsSchema: Schema<AppsSettings> = about(v.record(appName, app), {
  title: 'Apps',
  description: 'Settings by app; those of `*` hold for every app that says nothing else.',
});
