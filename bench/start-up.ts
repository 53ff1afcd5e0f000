/**
 * What starting costs: `npm run build && node bench/start-up.ts [rounds]`. Whole processes, beside a
 * bare `node`, in turns so that the machine's moods hit all alike: `mirror --version`, `mirror plan`
 * of nothing with the map in each store, and opening and reading each store alone. The clouds are
 * small servers in this process.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { FakeAzure } from '../test/fakes/azure-server.ts';
import { FakeGcsServer } from '../test/fakes/gcs-server.ts';
import { FakeS3 } from '../test/fakes/s3-server.ts';
import { temporaryFolder } from '../test/support/servers/server-process.ts';

const rounds = Number(process.argv[2] ?? 9);
const dist = join(import.meta.dirname, '../dist');
const cli = join(dist, 'cli/mirror.js');
if (!existsSync(cli)) throw new Error('there is no dist/: run npm run build first');

interface Case {
  readonly name: string;
  readonly args: readonly string[];
}

interface Sample {
  readonly ms: number;
  readonly megabytes: number;
}

const [s3, azure, gcs] = await Promise.all([
  FakeS3.start(),
  FakeAzure.start(),
  FakeGcsServer.start(),
]);
s3.createBucket('maps');
azure.createContainer('maps');
gcs.createBucket('maps');
const folder = await temporaryFolder('bench-start-up');
await writeFile(join(folder.path, 'releases.json'), '{"releases": []}');

const env = {
  PATH: process.env['PATH'],
  HOME: folder.path,
  AWS_ENDPOINT_URL_S3: s3.url,
  AWS_ACCESS_KEY_ID: 'AK',
  AWS_SECRET_ACCESS_KEY: 'SK',
  AWS_REGION: 'us-east-1',
  AZURE_STORAGE_CONNECTION_STRING: `DefaultEndpointsProtocol=http;AccountName=acct;AccountKey=${btoa('key')};BlobEndpoint=${azure.endpoint}`,
};
/** Where the map lies, and what else `mirror.yaml` says of it. */
const stores: readonly { readonly store: string; readonly gs?: object }[] = [
  { store: 'file:map.yaml' },
  { store: 's3://maps/map.yaml' },
  { store: 'azblob://acct/maps/map.yaml' },
  { store: 'gs://maps/map.yaml', gs: { endpoint: gcs.url, credentials: { anonymous: true } } },
];

const cases: readonly Case[] = [
  { name: 'node, nothing', args: ['-e', '0'] },
  { name: 'mirror --version', args: [cli, '--version'] },
  ...(await Promise.all(stores.map(planOf))),
  ...stores.map(readOf),
];

async function planOf(map: (typeof stores)[number]): Promise<Case> {
  const [scheme = ''] = map.store.split(':');
  const config = join(folder.path, `${scheme}.yaml`);
  const target = { image: '127.0.0.1:1/atlan/{name}:{tag}' };
  // JSON is YAML, too.
  await writeFile(config, JSON.stringify({ releases: { file: 'releases.json' }, target, map }));
  return { name: `mirror plan, ${scheme}:`, args: [cli, 'plan', '--config', config] };
}

function readOf({ store, gs }: (typeof stores)[number]): Case {
  const module = JSON.stringify(join(dist, 'library/index.js'));
  const settings = gs && { gs: { ...gs, credentials: { kind: 'anonymous' } } };
  const options = `{ cwd: process.cwd(), env: process.env, ...${JSON.stringify(settings ?? {})} }`;
  const script = `const { openMapStore } = await import(${module}); await (await openMapStore(${JSON.stringify(store)}, ${options})).read();`;
  const [scheme = ''] = store.split(':');
  return { name: `open and read, ${scheme}:`, args: ['--input-type=module', '-e', script] };
}

// Tells the most memory the process has had, on a descriptor of its own.
const MEMORY = `data:text/javascript,${encodeURIComponent('import { writeSync } from "node:fs"; process.on("exit", () => writeSync(3, String(process.resourceUsage().maxRSS)));')}`;

async function sample({ name, args }: Case): Promise<Sample> {
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', MEMORY, ...args], {
    cwd: folder.path,
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [complaint, kilobytes, [code]] = await Promise.all([
    text(child.stdio[2] as NodeJS.ReadableStream),
    text(child.stdio[3] as NodeJS.ReadableStream),
    once(child, 'exit'),
  ]);
  if (code !== 0) throw new Error(`${name} ended with ${String(code)}: ${complaint}`);
  return { ms: performance.now() - started, megabytes: Number(kilobytes) / 1024 };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const samples = new Map<string, Sample[]>();
for (let round = 0; round < rounds; round += 1) {
  for (const each of cases) {
    samples.set(each.name, [...(samples.get(each.name) ?? []), await sample(each)]);
  }
}
const bare = median((samples.get('node, nothing') ?? []).map(({ ms }) => ms));
console.table(
  [...samples].map(([name, taken]) => {
    const ms = median(taken.map((one) => one.ms));
    return {
      what: name,
      'median ms': Math.round(ms),
      'times node': Number((ms / bare).toFixed(2)),
      'MB at most': Math.round(median(taken.map((one) => one.megabytes))),
    };
  }),
);

s3.stop();
azure.stop();
gcs.stop();
await folder.remove();
