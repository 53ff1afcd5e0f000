import { schemeOf } from '../stores/location.ts';
import { COMPONENT_SETTINGS, STORE_KINDS } from '../settings/map.ts';
import type { Environment } from '../settings/interpolate.ts';
import type { SettingPath } from '../settings/path.ts';
import { getAt } from '../settings/raw.ts';
import type { Given } from '../settings/given.ts';

/** What the command line can decide without a file, or against it. Named as commander names it. */
export interface ConfigOverrides {
  readonly releasesUrl?: string;
  readonly releasesFile?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly extra?: readonly string[];
  readonly sourceRegistry?: string;
  readonly target?: string;
  readonly map?: string;
  readonly verify?: string;
  readonly trustRoot?: string;
  readonly identitySubject?: string;
  readonly identityIssuer?: string;
  readonly engine?: string;
  readonly concurrency?: string;
  readonly reportJson?: string;
  /** Hosts to speak http with. */
  readonly plainHttp?: readonly string[];
}

/** Where each option goes, and what in the file it stands in for. */
export const OVERRIDE_OPTIONS: readonly {
  readonly option: keyof ConfigOverrides;
  readonly flag: string;
  readonly path: SettingPath;
  readonly instead?: (value: unknown) => readonly SettingPath[];
}[] = [
  {
    option: 'releasesUrl',
    flag: '--releases-url',
    path: ['releases', 'url'],
    instead: () => [['releases', 'file']],
  },
  {
    option: 'releasesFile',
    flag: '--releases-file',
    path: ['releases', 'file'],
    instead: () => [['releases', 'url']],
  },
  { option: 'include', flag: '--include', path: ['releases', 'include'] },
  { option: 'exclude', flag: '--exclude', path: ['releases', 'exclude'] },
  { option: 'extra', flag: '--extra', path: ['releases', 'extra'] },
  { option: 'sourceRegistry', flag: '--source-registry', path: ['source', 'registry'] },
  { option: 'target', flag: '--target', path: ['target', 'image'] },
  {
    option: 'map',
    flag: '--map',
    path: ['map', 'store'],
    instead: otherPlaces,
  },
  { option: 'verify', flag: '--verify', path: ['verify', 'mode'] },
  { option: 'trustRoot', flag: '--trust-root', path: ['verify', 'trustRoot'] },
  {
    option: 'identitySubject',
    flag: '--identity-subject',
    path: ['verify', 'identities', 0, 'subject'],
    instead: () => [['verify', 'identities']],
  },
  {
    option: 'identityIssuer',
    flag: '--identity-issuer',
    path: ['verify', 'identities', 0, 'issuer'],
    instead: () => [['verify', 'identities']],
  },
  { option: 'engine', flag: '--engine', path: ['copy', 'engine'] },
  { option: 'concurrency', flag: '--concurrency', path: ['copy', 'concurrency'] },
  { option: 'reportJson', flag: '--report-json', path: ['report', 'json'] },
];

/** The file's component, and its settings for stores of other kinds than that of a location. */
function otherPlaces(location: unknown): readonly SettingPath[] {
  const own = typeof location === 'string' ? schemeOf(location) : '';
  const others = STORE_KINDS.filter((kind) => kind !== own);
  return [...COMPONENT_SETTINGS, ...others].map((setting) => ['map', setting]);
}

/** The settings the command line gives, and those of the file that they stand in for. */
export function givenByOverrides(overrides: ConfigOverrides): {
  readonly given: readonly Given[];
  readonly replaced: readonly SettingPath[];
} {
  const used = OVERRIDE_OPTIONS.filter(({ option }) => overrides[option] !== undefined);
  const given = used.map(({ option, flag, path }) => ({
    path,
    value: overrides[option],
    origin: flag,
  }));
  const hosts = (overrides.plainHttp ?? []).map((host) => ({
    path: ['registries', host, 'plainHttp'],
    value: true,
    origin: '--plain-http',
  }));
  return {
    given: [...given, ...hosts],
    replaced: used.flatMap(({ option, instead }) => instead?.(overrides[option]) ?? []),
  };
}

/** The API token from its usual variable, where the tenant is asked and nothing else gives one. */
export function givenByEnvironment(
  given: readonly Given[],
  data: unknown,
  env: Environment,
): readonly Given[] {
  const token = env['ATLAN_API_TOKEN'];
  const hasUrl =
    given.some(({ origin }) => origin === '--releases-url') ||
    getAt(data, ['releases', 'url']) !== undefined;
  const hasToken = ['token', 'tokenFile'].some(
    (key) => getAt(data, ['releases', key]) !== undefined,
  );
  if (token === undefined || token === '' || !hasUrl || hasToken) return [];
  return [{ path: ['releases', 'token'], value: token, origin: 'ATLAN_API_TOKEN' }];
}
