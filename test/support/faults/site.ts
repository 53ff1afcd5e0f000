import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../../src/registry/http/clock.ts';
import { storeAt } from '../map-stores/start.ts';
import { startMarketplace } from '../marketplace.ts';
import { draw, drawFrom } from './draw.ts';
import { startElsewhere } from './elsewhere.ts';
import { hastyClock } from './job.ts';
import { RegistryChecker } from './checker.ts';
import type { Announced, Lab } from './lab.ts';
import { startFaultProxy, type FaultProxy, type FaultProxyOptions } from './proxy.ts';
import { Remover } from './remover.ts';
import type { Schedule } from './schedule.ts';
import { TokenDoor } from './token-door.ts';
import type { WholeAnswer, WholeRequest } from './upstream.ts';

/** A customer's site: the proxies before the real servers, and the folder the job runs in. */
export interface Site {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly lookup: LookupFunction;
  readonly announced: readonly Announced[];
  readonly prefix: string;
  /** Looks at the real target. */
  readonly registry: RegistryChecker;
  readonly targetHost: string;
  readonly foreign: readonly string[];
  /** Writes the job's configuration. */
  configure(timeouts: { readonly [name in 'silence' | 'image' | 'run']: string }): Promise<void>;
  map(): Promise<string | undefined>;
  secrets(): readonly string[];
  /** What the job has left in files. */
  written(): Promise<readonly string[]>;
  /** What came to the registries since it was asked last. */
  requests(): readonly string[];
  /** Images that others removed at the target after the last look that the job could take. */
  removedTooLate(): ReadonlySet<string>;
  /** What came where nothing may come, and credentials that came where they do not belong. */
  strayed(): readonly string[];
  close(): Promise<void>;
}

/** What stands behind the proxy of a store that is none. */
const NOWHERE = '127.0.0.1:9';

const FOREIGN = [
  '# kept by hand, by the platform team',
  'images:',
  "  'other/tool:7': registry.example/other/tool:7 # approved in spring",
  '  "vendor/elsewhere":   registry.example/elsewhere',
  'release: { name: r,  storage_namespace: "flux" } # theirs',
];

export async function startSite(lab: Lab, schedule: Schedule): Promise<Site> {
  const { seed } = schedule;
  const run = randomBytes(4).toString('hex');
  const prefix = `s${seed}-${run}`;
  const folder = join(lab.folder, prefix);
  await mkdir(folder);
  const clock = hastyClock();
  const announced = chooseImages(seed, lab.images);
  const target = drawFrom(seed, 'target', asChoices(lab.targets));
  const source = drawFrom(seed, 'source', asChoices(lab.sources));
  const hasMap = draw(seed, 'map there') < 0.5;
  const store = storeAt(drawFrom(seed, 'store', asChoices(lab.stores)));
  const byEndpoint = schedule.storm?.role === 'releases' || draw(seed, 'endpoint') < 0.25;
  const password = `secret-password-${run}`;
  const releasesToken = `secret-releases-${run}`;
  const door = new TokenDoor({ username: 'ci', password });
  const foreign = hasMap ? FOREIGN : [];

  const label = labelWith(lab.labels, prefix);
  const shared = { schedule, label, now: () => clock.now() };
  const remover = new Remover(
    schedule,
    target.url,
    announced.map((image) => ({
      name: `${image.repository}:${image.tag}`,
      repository: `${prefix}/${image.repository.split('/').at(-1)}`,
      tag: image.tag,
      digest: image.digest,
    })),
  );
  const witness = async (request: WholeRequest, answer: WholeAnswer): Promise<void> =>
    remover.hear(request, answer);
  const {
    elsewhere,
    strayed,
    close: closeElsewhere,
  } = await startElsewhere({ source: source.host, target: target.host, witness });
  const proxies: FaultProxy[] = [];
  const proxy = async (options: Omit<FaultProxyOptions, 'schedule' | 'label' | 'elsewhere'>) => {
    const started = await startFaultProxy({ ...shared, ...options, elsewhere });
    proxies.push(started);
    return started;
  };
  const atSource = await proxy({ role: 'source', upstream: source.host, now: shared.now });
  const atTarget = await proxy({
    role: 'target',
    upstream: target.host,
    door,
    now: shared.now,
    witness,
  });
  const place = store.place(
    store.host === undefined ? join(folder, 'image-map.yaml') : `${prefix}/image-map.yaml`,
  );
  const atMap = await proxy({ role: 'map', upstream: store.host ?? NOWHERE, now: Date.now });
  const releases = announced.map(({ repository, tag }) => ({
    app_name: repository.split('/').at(-1),
    version: tag,
    image: `${repository}:${tag}`,
  }));
  const marketplace = await startMarketplace({ token: releasesToken, releases });
  const { host: marketplaceHost } = new URL(marketplace.url);
  const atReleases = await proxy({ role: 'releases', upstream: marketplaceHost, now: Date.now });

  const sourceHost = `source.example:${atSource.port}`;
  const targetHost = `target.example:${atTarget.port}`;
  if (hasMap) await place.edit(() => `${FOREIGN.join('\n')}\n`);
  await writeFile(join(folder, 'releases.json'), JSON.stringify({ releases }));

  const repositories = ['source', 'target'];
  return {
    folder,
    clock,
    announced,
    prefix,
    foreign,
    registry: new RegistryChecker(target.url),
    targetHost,
    env: {
      XDG_CACHE_HOME: join(folder, 'cache'),
      DOCKER_CONFIG: '/nonexistent',
      HOME: folder,
      TARGET_PASSWORD: password,
      RELEASES_TOKEN: releasesToken,
    },
    lookup: (host, options, callback) => {
      const fault = schedule.nameFaultFor(host);
      if (fault !== undefined) {
        const error = new Error(`getaddrinfo ${fault.code} ${host}`);
        process.nextTick(callback, Object.assign(error, { code: fault.code, hostname: host }), '');
      } else if (options.all === true) {
        process.nextTick(callback, null, [{ address: '127.0.0.1', family: 4 }]);
      } else {
        process.nextTick(callback, null, '127.0.0.1', 4);
      }
    },
    configure: async ({ silence, image, run: whole }) =>
      writeFile(
        join(folder, 'mirror.yaml'),
        `
releases: ${
          byEndpoint
            ? `{ url: "http://127.0.0.1:${atReleases.port}", token: "\${RELEASES_TOKEN}" }`
            : '{ file: releases.json }'
        }
source: { registry: "${sourceHost}" }
target: { image: "${targetHost}/${prefix}/{name}:{tag}" }
map: ${JSON.stringify(place.settings(`127.0.0.1:${atMap.port}`))}
verify:
  trustRoot: "${lab.trustRoot}"
  keys: [{ name: vendor, pem: "${lab.publicKey}" }]
  identities:
    - subject: https://github.com/atlanhq/application-sdk/.github/workflows/build-and-publish-app.yaml@refs/heads/main
      issuer: https://token.actions.githubusercontent.com
registries:
  "${sourceHost}": { plainHttp: true }
  "${targetHost}": { plainHttp: true, username: ci, password: "\${TARGET_PASSWORD}" }
  "${elsewhere.other}": { plainHttp: true }
copy: { concurrency: ${1 + Math.floor(draw(seed, 'concurrency') * 6)} }
timeouts: { silence: ${silence}, image: ${image}, run: ${whole} }
`,
      ),
    map: place.read,
    secrets: () => [
      password,
      releasesToken,
      ...store.secrets,
      Buffer.from(`ci:${password}`).toString('base64'),
      ...door.issued,
    ],
    written: async () => textsIn(join(folder, 'cache')),
    requests: () =>
      [atSource, atTarget].flatMap(({ seen }, index) =>
        seen.splice(0).map((request) => `${repositories[index]} ${request}`),
      ),
    strayed,
    removedTooLate: () => remover.removedTooLate(),
    close: async () => {
      await Promise.all(
        [...proxies, { close: closeElsewhere }, marketplace].map(async (each) => each.close()),
      );
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Two to four good ones; in every fifth schedule one or two that nobody may let in. */
function chooseImages(seed: number, images: readonly Announced[]): readonly Announced[] {
  const byChance = (kind: readonly Announced[]): readonly Announced[] =>
    kind.toSorted(
      (a, b) =>
        draw(seed, `image ${a.repository}:${a.tag}`) - draw(seed, `image ${b.repository}:${b.tag}`),
    );
  const good = byChance(images.filter(({ isGood }) => isGood));
  const bad = byChance(images.filter(({ isGood }) => !isGood));
  const hasBad = draw(seed, 'bad') < 0.2;
  return [
    ...good.slice(0, 2 + Math.floor(draw(seed, 'good') * 3)),
    ...(hasBad ? bad.slice(0, 1 + Math.floor(draw(seed, 'how bad') * 2)) : []),
  ];
}

/** Names of sessions, runs and content, in place of what differs from one process to the next. */
function labelWith(labels: ReadonlyMap<string, string>, prefix: string): (path: string) => string {
  return (path) =>
    path
      .replace(prefix, 'RUN')
      .replace(/(blobs\/uploads\/)[^?]+/, '$1SESSION')
      .replace(/([?&])(_state|state|_)=[^&]*/g, '$1')
      .replace(/([gG]eneration(?:Match)?=)[1-9]\d*/g, '$1GENERATION')
      .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
      .replace(
        /(sha256(?::|-|%3A))([0-9a-f]{64})/gi,
        (_, __, hex: string) => labels.get(hex) ?? '?',
      );
}

async function textsIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async (file) => readFile(join(file.parentPath, file.name), 'latin1')),
  );
}

function asChoices<T>(list: readonly T[]): readonly [T, ...T[]] {
  return list as readonly [T, ...T[]];
}
