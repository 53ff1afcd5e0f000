import { Option } from 'commander';
import type { ConfigOverrides } from '../config/overrides.ts';
import { collect } from './program.ts';

/** Which commands take an option: those that need what it is about. */
export type OverrideGroup =
  | 'releases'
  | 'target'
  | 'map'
  | 'verify'
  | 'copy'
  | 'image'
  | 'report'
  | 'answers';

interface Description {
  readonly groups: readonly OverrideGroup[];
  readonly flags: string;
  readonly text: string;
  readonly isRepeatable?: true;
}

const ALL_WITH_REGISTRIES = ['target', 'verify'] as const;

/** Everything that can be said without a file; what is said here wins over the file. */
const DESCRIPTIONS: Readonly<Record<keyof ConfigOverrides, Description>> = {
  releasesUrl: {
    groups: ['releases', 'answers'],
    flags: '--releases-url <url>',
    text: 'the tenant, for example https://acme.atlan.com; its token from ATLAN_API_TOKEN',
  },
  releasesFile: {
    groups: ['releases', 'answers'],
    flags: '--releases-file <file>',
    text: 'a release list in a file, instead of the tenant',
  },
  include: {
    groups: ['releases'],
    flags: '--include <glob>',
    text: 'take these apps or images only; repeatable',
    isRepeatable: true,
  },
  exclude: {
    groups: ['releases'],
    flags: '--exclude <glob>',
    text: 'leave these out; repeatable',
    isRepeatable: true,
  },
  extra: {
    groups: ['releases'],
    flags: '--extra <image>',
    text: 'mirror this image too; repeatable',
    isRepeatable: true,
  },
  sourceRegistry: {
    groups: ALL_WITH_REGISTRIES,
    flags: '--source-registry <host>',
    text: 'registry of references that name none (docker.io)',
  },
  target: {
    groups: ['target', 'answers'],
    flags: '--target <template>',
    text: "where images go, for example 'registry.mycompany.com/atlan/{name}:{tag}'",
  },
  map: {
    groups: ['map', 'answers'],
    flags: '--map <location>',
    text: 'the map: file:PATH, s3://…, azblob://…, gs://…',
  },
  verify: {
    groups: ['target', 'image'],
    flags: '--verify <mode>',
    text: 'enforce, warn or off: what an image without an accepted signature meets',
  },
  trustRoot: {
    groups: ['verify'],
    flags: '--trust-root <file>',
    text: "a trusted_root.json, or 'public'",
  },
  identitySubject: {
    groups: ['verify'],
    flags: '--identity-subject <subject>',
    text: "the signer to accept instead of the vendor's, exactly",
  },
  identityIssuer: {
    groups: ['verify'],
    flags: '--identity-issuer <url>',
    text: 'who vouches for that signer',
  },
  engine: {
    groups: ['copy', 'image'],
    flags: '--engine <engine>',
    text: 'registry (built in) or skopeo',
  },
  concurrency: {
    groups: ['copy'],
    flags: '--concurrency <n>',
    text: 'images in flight at once',
  },
  reportJson: {
    groups: ['report'],
    flags: '--report-json <file>',
    text: 'what was decided about each image and why; of a --dry-run, too',
  },
  plainHttp: {
    groups: ALL_WITH_REGISTRIES,
    flags: '--plain-http <host>',
    text: 'speak http with this registry; repeatable',
    isRepeatable: true,
  },
};

/** The options of a command that needs these parts of the configuration. */
export function overrideOptions(
  groups: readonly OverrideGroup[],
  heading: string = 'Instead of the configuration file:',
): readonly Option[] {
  return Object.values(DESCRIPTIONS)
    .filter((description) => description.groups.some((group) => groups.includes(group)))
    .map(({ flags, text, isRepeatable }) => {
      const option = new Option(flags, text).helpGroup(heading);
      if (isRepeatable === true) option.argParser(collect);
      return option;
    });
}

/** What the command line said, as the configuration takes it. */
export function overridesOf(options: object): ConfigOverrides {
  const given = new Map<string, unknown>(Object.entries(options));
  return Object.fromEntries(
    Object.keys(DESCRIPTIONS)
      .filter((name) => given.has(name))
      .map((name) => [name, given.get(name)]),
  );
}
