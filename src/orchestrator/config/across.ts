import type { Problem } from '../../settings/conform.ts';
import type { Environment } from '../../settings/interpolate.ts';
import type { SettingPath } from '../../settings/path.ts';
import { getAt } from '../../settings/raw.ts';
import type { Component } from './config.ts';
import { OWN_SECRETS } from './own-secrets.ts';
import { referencesOf } from './references.ts';
import { EVERY_APP } from './schema/apps.ts';
import { parsePublishedPort } from './schema/ports.ts';
import type { Settings } from './schema/settings.ts';
import { isLoopback } from './schema/texts.ts';
import type { Section } from './sections.ts';

/** What the checks across sections look at. */
export interface Whole {
  readonly settings: Settings;
  readonly components: readonly Component[];
  readonly needed: ReadonlySet<Section>;
  /** Where the apps' variables come from. */
  readonly env: Environment;
}

/** What is wrong although every section by itself is right. */
export function problemsAcross(whole: Whole): readonly Problem[] {
  return [
    ...(whole.needed.has('temporal') ? missingServer(whole) : []),
    ...(whole.needed.has('components') ? brokenComponents(whole) : []),
    ...(whole.needed.has('apps') ? clashingPorts(whole) : []),
  ];
}

/** What is as it may be, but perhaps not as it was meant. */
export function notesAcross({ settings, needed }: Whole): readonly Problem[] {
  const { container_registry: registry, orchestrator } = settings;
  const notes: Problem[] = [];
  const note = (path: SettingPath, message: string, atKey = true): void => {
    notes.push({ path, message, atKey });
  };
  if (needed.has('images')) {
    const { base, image_map_path: map, username, host } = registry;
    const hasMap = map !== undefined || orchestrator.map !== undefined;
    if (hasMap && base !== undefined) {
      note(
        ['container_registry', 'base'],
        'is not looked at: there is an image map, which alone decides',
      );
    }
    if (username !== undefined && host === undefined && hasMap) {
      note(
        ['container_registry', 'username'],
        'is sent, with its password, to whichever registry the map names: write the one that is meant as container_registry.host',
      );
    }
  }
  const { mode } = orchestrator.verify;
  if (needed.has('verify') && mode !== 'enforce') {
    const what =
      mode === 'off'
        ? 'nobody looks at signatures'
        : 'images without an acceptable signature run, too';
    note(['orchestrator', 'verify', 'mode'], `${mode}: ${what}`, false);
  }
  return notes;
}

/** What the deployment cannot do without and neither file nor environment gives. */
export function missingIdentity(data: unknown): readonly Problem[] {
  const isGiven = (...keys: readonly string[]): boolean =>
    keys.some((key) => getAt(data, ['atlan', key]) !== undefined);
  const wanted: readonly (readonly [string, boolean, string])[] = [
    ['deployment_name', isGiven('deployment_name'), 'or set SDR_DEPLOYMENT_NAME in .env'],
    ['domain', isGiven('domain'), "the tenant's address, for example acme.atlan.com"],
    ['client_id', isGiven('client_id'), 'or set ATLAN_AUTH_CLIENT_ID in .env'],
    [
      'client_secret',
      isGiven('client_secret', 'client_secret_file'),
      'or client_secret_file, or set ATLAN_AUTH_CLIENT_SECRET or ATLAN_AUTH_CLIENT_SECRET_FILE in .env',
    ],
  ];
  return wanted.flatMap(([key, given, how]) =>
    given ? [] : [{ path: ['atlan', key], message: `missing: write it here, ${how}`, atKey: true }],
  );
}

function missingServer({ settings }: Whole): readonly Problem[] {
  const { domain = '' } = settings.atlan;
  const host = URL.parse(`http://${domain}`)?.hostname ?? '';
  if (settings.orchestrator.temporal.address !== undefined || !isLoopback(host)) return [];
  return [
    {
      path: ['orchestrator', 'temporal', 'address'],
      message: `missing: beside a tenant on this machine nobody can tell where Temporal is`,
      atKey: true,
    },
  ];
}

function brokenComponents({ settings, components, env }: Whole): readonly Problem[] {
  const { variables, lost } = referencesOf(components);
  const everyApp = settings.orchestrator.apps[EVERY_APP]?.environment ?? {};
  const isSet = (name: string): boolean =>
    env[name] !== undefined || Object.hasOwn(everyApp, name) || OWN_SECRETS.includes(name);
  return [
    ...(components.some(({ name }) => name === 'objectstore')
      ? []
      : [
          {
            path: ['components', 'objectstore'],
            message: 'missing: apps keep what they extract in the component objectstore',
            atKey: true,
          },
        ]),
    ...lost.map(({ store, path }) => ({
      path,
      message: `refers to the secret store ${JSON.stringify(store)}, which is not described`,
    })),
    ...variables
      .filter(({ variable }) => !isSet(variable))
      .map(({ variable, path }) => ({
        path,
        message: `refers to the variable ${variable}, which is neither in .env nor in the environment`,
      })),
  ];
}

/** Two containers cannot have the same port of the host. */
function clashingPorts({ settings }: Whole): readonly Problem[] {
  const problems: Problem[] = [];
  const owners = new Map<string, string>();
  for (const [app, { ports = [] }] of Object.entries(settings.orchestrator.apps)) {
    const path = ['orchestrator', 'apps', app, 'ports'];
    if (app === EVERY_APP) {
      if (ports.length > 0) {
        problems.push({ path, message: 'cannot be for every app: each needs its own' });
      }
      continue;
    }
    for (const { hostPort, protocol } of ports.map(parsePublishedPort)) {
      const port = `${hostPort}/${protocol}`;
      const other = owners.get(port);
      if (other !== undefined) {
        problems.push({ path, message: `has the port ${port} of the host, as ${other} has` });
      }
      owners.set(port, app);
    }
  }
  return problems;
}
