/**
 * docs/kubernetes.md, from nothing to a run, as whoever follows it: the manifests with the marked lines
 * changed, the Secret that the page creates, and a real engine in place of the node.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { execa } from 'execa';
import type { ICronJob, IJob } from 'kubernetes-models/batch/v1';
import type { IConfigMap, IPodTemplateSpec } from 'kubernetes-models/v1';
import { parse, stringify } from 'yaml';
import { parsePage, ROOT } from '../../support/docs/page.ts';
import { commandsIn } from '../../support/docs/shell.ts';
import { readManifests } from '../../support/kubernetes.ts';
import { startMarketplace, type AnnouncedRelease } from '../../support/marketplace.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { BUILD_TIMEOUT_MS } from '../../support/servers/built-images.ts';
import { whyNot } from '../engine/real-engine.ts';
import { POD_TOOLS, startNode, type EndedPod, type PodNode } from './pods.ts';
import { SITE_SERVERS, startSite, USER, type Site } from './site.ts';

const TOKEN = 'marked-api-token-8d20';
const MAP = 'sdr/image-map.yaml';
type JobTemplate = Pick<IJob, 'spec'>;

const OPTIONS = { timeout: BUILD_TIMEOUT_MS } as const;

describe('the pods of the manifests', { skip: whyNot('podman') ?? false }, () => {
  test(
    'doctor finds all that is needed, a run mirrors, an image that nobody signed fails the Job',
    OPTIONS,
    async (t) => {
      if (!requireServer(t, ...SITE_SERVERS, ...POD_TOOLS)) return;
      const { site, node, offer, configMap } = await follow(t);
      await offer('teradata', '3.1.4');
      const scheduled = (find('cronjob.yaml', 'CronJob') as ICronJob).spec?.jobTemplate;
      assert.ok(scheduled?.spec);
      const run = async (name: string, job: JobTemplate): Promise<EndedPod> => {
        assert.ok(job.spec);
        return node.run(name, job.spec.template, configMap);
      };

      const doctor = await run('doctor', await asDoctor(scheduled));
      assert.equal(doctor.exitCode, 0, doctor.log);
      assert.match(doctor.log, /Everything a run needs is there\./);

      const first = await run('first', scheduled);
      assert.equal(first.exitCode, 0, first.log);
      assert.deepEqual(
        [first.user, first.readOnlyRoot, first.capabilities],
        ['65532:65532', true, []],
      );
      assert.ok(first.securityOptions.includes('no-new-privileges'));
      const place = `${site.target.host}/atlan/atlan-teradata-app:3.1.4`;
      assert.ok((await site.bucket.text(MAP)).includes(`"${place}"`));
      // The pod keeps no files: the report lies beside the map.
      const beside = (await site.bucket.keys('sdr/')).filter((key) => key !== MAP);
      assert.ok(beside.length > 0);

      await offer('postgres', '2.4.0', { signed: false });
      const unsigned = await run('unsigned', scheduled);
      assert.equal(unsigned.exitCode, 4, unsigned.log);
      assert.match(unsigned.log, /SIGNATURE_MISSING/);
      for (const { log } of [doctor, first, unsigned]) assertNoSecret(log);
    },
  );

  test('shards of an indexed Job at once meet in the map', OPTIONS, async (t) => {
    if (!requireServer(t, ...SITE_SERVERS, ...POD_TOOLS)) return;
    const { site, node, offer, configMap } = await follow(t);
    const apps = ['teradata', 'postgres', 'oracle', 'db2', 'mysql', 'hana', 'hive', 'saas'];
    for (const app of apps) await offer(app, '1.0');
    const { spec } = find('examples/kubernetes/sharded-job.yaml', 'Job') as IJob;
    assert.ok(spec);

    const shards = await Promise.all(
      ['0', '1'].map(async (index) =>
        node.run(`shard-${index}`, inTwo(spec.template), configMap, {
          JOB_COMPLETION_INDEX: index,
        }),
      ),
    );

    for (const { exitCode, log } of shards) {
      assert.equal(exitCode, 0, log);
    }
    const counts = shards.map(({ log }) => Number(/(\d+) mirrored/.exec(log)?.[1] ?? 0));
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      apps.length,
    );
    const map = await site.bucket.text(MAP);
    for (const app of apps) assert.match(map, new RegExp(`atlan-${app}-app:1\\.0": "`));
  });
});

const page = parsePage('docs/kubernetes.md', read('docs/kubernetes.md'));

interface Follower {
  readonly site: Site;
  readonly node: PodNode;
  readonly offer: (
    app: string,
    version: string,
    options?: { readonly signed: boolean },
  ) => Promise<void>;
  /** That of the CronJob's file, filled in. */
  readonly configMap: IConfigMap;
}

async function follow(t: TestContext): Promise<Follower> {
  const site = await startSite(t);
  const marketplace = await startMarketplace({ token: TOKEN });
  t.after(async () => marketplace.close());
  const node = await startNode(t);
  await node.createSecret('sdr-mirror', secret(site));
  const announced: AnnouncedRelease[] = [];
  return {
    site,
    node,
    offer: async (app, version, options) => {
      announced.push(await site.offer(app, version, options));
      marketplace.announce(announced);
    },
    configMap: fillIn(find('cronjob.yaml', 'ConfigMap') as IConfigMap, site, marketplace.url),
  };
}

/** The keys are those that the page's command makes of files; one more is for a store without identities. */
function secret({ store }: Site): Readonly<Record<string, string>> {
  const create = page.blocks
    .flatMap(commandsIn)
    .find(({ words }) => words.join(' ').includes('create secret generic sdr-mirror'));
  const keys = create?.words.flatMap((word) => /^--from-file=(.*)$/.exec(word)?.[1] ?? []);
  assert.deepEqual(keys, ['atlan-api-token', 'registry-password']);
  return {
    'atlan-api-token': TOKEN,
    'registry-password': USER.password,
    'map-secret-key': store.secretAccessKey,
  };
}

/** The marked lines; and what only this place has: registries without TLS, and a Sigstore of its own. */
function fillIn(
  configMap: IConfigMap,
  { source, target, store, trustedRoot }: Site,
  tenant: string,
): IConfigMap {
  const text = configMap.data?.['mirror.yaml'] ?? '';
  assert.equal(text.match(/# <-/g)?.length, 5);
  const [, keys = ''] = /^(  s3:\n(?: {4}.*\n)+)/m.exec(storeWithKeys()) ?? [];
  const mirrorYaml = text
    .replace('https://acme.atlan.com', tenant)
    .replaceAll('registry.mycompany.com', target.host)
    .replace(/^( +)username: ci/m, '$1plainHttp: true\n$&')
    .replace(/^( +store: .*\n)/m, `$1${keys}`)
    .replace('  s3:\n', `  s3:\n    endpoint: ${store.url}\n    pathStyle: true\n`)
    .replace(/accessKeyId: .*/, `accessKeyId: ${store.accessKeyId}`)
    .replace(/^registries:\n/m, `$&  ${source.host}: { plainHttp: true }\n`);
  const more = `source: { registry: "${source.host}" }\nverify: { trustRoot: trusted_root.json }\n`;
  return {
    ...configMap,
    data: { 'mirror.yaml': `${mirrorYaml}${more}`, 'trusted_root.json': trustedRoot },
  };
}

/** What the page shows for a store that knows no identity. */
function storeWithKeys(): string {
  const found = page.blocks.find(({ text }) => text.includes('secretAccessKeyFile'));
  assert.ok(found);
  return found.text;
}

/** The Job, after the command by which the page makes a doctor of it. */
async function asDoctor(job: JobTemplate): Promise<JobTemplate> {
  const commands = page.blocks.flatMap(commandsIn);
  const script = commands.find(({ words }) => words[0] === 'sed')?.words[1] ?? '';
  const { stdout } = await execa('sed', [script], {
    input: stringify(job, { collectionStyle: 'block' }),
  });
  const made = parse(stdout) as JobTemplate;
  assert.deepEqual(made.spec?.template.spec?.containers[0]?.args, ['doctor']);
  return made;
}

/** In two, as the page says: `completions` and MIRROR_SHARDS are the same number. */
function inTwo(template: IPodTemplateSpec): IPodTemplateSpec {
  return JSON.parse(
    JSON.stringify(template).replace(
      '"name":"MIRROR_SHARDS","value":"4"',
      '"name":"MIRROR_SHARDS","value":"2"',
    ),
  ) as IPodTemplateSpec;
}

function assertNoSecret(text: string): void {
  for (const one of [TOKEN, USER.password]) assert.ok(!text.includes(one));
}

function find(path: string, kind: string): unknown {
  const found = readManifests(read(path)).find((manifest) => manifest.kind === kind);
  assert.ok(found, `${kind} in ${path}`);
  return found;
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
