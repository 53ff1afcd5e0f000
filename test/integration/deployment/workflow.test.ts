/**
 * docs/github-actions.md, from nothing to a scheduled run, as whoever follows it: their repository with
 * mirror.yaml and a copy of the workflow, the variables and secrets that the page sets, and a runner.
 */
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { execa } from 'execa';
import { parse } from 'yaml';
import { bundled } from '../../support/bundled.ts';
import { parsePage, ROOT, type Page } from '../../support/docs/page.ts';
import { commandsIn } from '../../support/docs/shell.ts';
import { startMarketplace, type AnnouncedRelease } from '../../support/marketplace.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import {
  runJob,
  type JobOutcome,
  type StepOutcome,
  type WorkflowJob,
  type WorkflowStep,
} from '../../support/workflow/run-job.ts';
import { SITE_SERVERS, startSite, USER, writeFiles, type Site } from './site.ts';

const TOKEN = 'marked-api-token-3b77';
const WORKFLOW = '.github/workflows/mirror.yml';
const MAP = 'sdr/image-map.yaml';
/** What the page calls theirs. */
const OWN = 'acme/sdr';

test('whoever follows the page has images mirrored by a schedule', async (t) => {
  if (!requireServer(t, ...SITE_SERVERS)) return;
  const { site, announce, run } = await follow(t);
  await announce('teradata', '3.1.4');

  const early = await run('schedule', { variables: {} });
  assert.equal(early.outcome, 'skipped', 'it waits until the variable is set');

  const tried = await run('workflow_dispatch', { inputs: { 'dry-run': true } });
  assert.equal(tried.outcome, 'success', logOf(tried));
  assert.match(own(tried).summary, /### To be done/);
  assert.deepEqual(await site.bucket.keys('sdr/'), []);

  const first = await run('schedule');
  assert.equal(first.outcome, 'success', logOf(first));
  const { report = '', ...counts } = own(first).outputs;
  assert.deepEqual(counts, { changed: 'true', mirrored: '1', failed: '0' });
  assert.match(own(first).summary, /### Newly in use/);
  const place = `${site.target.host}/atlan/atlan-teradata-app:3.1.4`;
  assert.ok((await site.bucket.text(MAP)).includes(`"${place}"`));
  assert.equal(first.artifacts['report']?.endsWith('/report.json'), true);
  assert.notEqual(first.artifacts['report'], report);
  assert.equal((await readReport(first)).images[0]?.outcome, 'mirrored');

  const second = await run('schedule');
  assert.equal(own(second).outputs['changed'], 'false', logOf(second));

  // What the page shows to go on with: steps that read the outputs, of a run that failed.
  await announce('postgres', '2.4.0', { signed: false });
  const failed = await run('schedule', { more: outputSteps });
  assert.equal(own(failed).exitCode, 4, logOf(failed));
  assert.equal(failed.outcome, 'failure');
  assert.equal((await readReport(failed)).images.length, 2);
  const said = failed.steps.filter(({ name }) => /^(?:echo|jq) /.test(name));
  assert.deepEqual(
    said.map(({ outcome, log }) => [outcome, log]),
    [
      ['skipped', ''],
      ['success', 'atlanhq/atlan-postgres-app:2.4.0'],
    ],
  );
  for (const job of [tried, first, second, failed]) {
    // Of what tells the runner what to hide, it shows nothing.
    const shown = logOf(job).replaceAll(/^::add-mask::.*$/gm, '');
    for (const secret of [TOKEN, USER.password]) assert.ok(!shown.includes(secret));
  }
});

const page: Page = parsePage('docs/github-actions.md', await read('docs/github-actions.md'));
const outputSteps = parse(blockWith('steps.mirror.outputs')) as readonly WorkflowStep[];

interface Follower {
  readonly site: Site;
  readonly announce: (
    app: string,
    version: string,
    options?: { readonly signed: boolean },
  ) => Promise<void>;
  readonly run: (event: 'schedule' | 'workflow_dispatch', given?: Given) => Promise<JobOutcome>;
}

interface Given {
  readonly inputs?: Readonly<Record<string, boolean>>;
  /** Instead of those that the page sets. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Steps after those of the workflow. */
  readonly more?: readonly WorkflowStep[];
}

async function follow(t: TestContext): Promise<Follower> {
  const site = await startSite(t);
  const marketplace = await startMarketplace({ token: TOKEN });
  t.after(async () => marketplace.close());
  const repositories = {
    [OWN]: await ownRepository(site, marketplace.url),
    'acme/sdr-mirror': await actionRepository(site.folder),
  };
  const variables = {
    ...variablesOf(marketplace.url),
    // A bucket of a cloud, whose identity the workflow signs in by.
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/sdr-mirror',
    AWS_REGION: 'us-east-1',
  };
  const announced: AnnouncedRelease[] = [];
  return {
    site,
    announce: async (app, version, options) => {
      announced.push(await site.offer(app, version, options));
      marketplace.announce(announced);
    },
    run: async (event, { inputs = {}, more = [], ...given }: Given = {}) => {
      const workflow = parse(await read(WORKFLOW)) as {
        readonly on: Readonly<Record<string, unknown>>;
        readonly jobs: { readonly mirror: WorkflowJob };
      };
      assert.ok(event in workflow.on);
      const { mirror } = workflow.jobs;
      const contexts = {
        vars: given.variables ?? variables,
        secrets: secrets(),
        inputs,
        github: { repository: OWN, event_name: event },
      };
      return runJob(
        { ...mirror, steps: [...mirror.steps, ...more] },
        { folder: site.folder, contexts, repositories, actions: { [AWS]: signInAtAws(site) } },
      );
    },
  };
}

const AWS = 'aws-actions/configure-aws-credentials';

/** It leaves the credentials of a session in the environment of the steps that follow. */
function signInAtAws({ store }: Site) {
  return (inputs: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
    assert.equal(inputs['role-to-assume'], 'arn:aws:iam::123456789012:role/sdr-mirror');
    return {
      AWS_REGION: inputs['aws-region'] ?? '',
      AWS_ACCESS_KEY_ID: store.accessKeyId,
      AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    };
  };
}

/** What `gh variable set` of the second step sets. */
function variablesOf(tenant: string): Readonly<Record<string, string>> {
  const set = commands('variable').map(([, , , name = '', , value = '']) => [name, value]);
  const variables = Object.fromEntries(set) as Record<string, string>;
  assert.deepEqual(variables, {
    SDR_MIRROR_TENANT: 'https://acme.atlan.com',
    SDR_MIRROR_REPOSITORY: 'acme/sdr-mirror',
  });
  return { ...variables, SDR_MIRROR_TENANT: tenant };
}

/** What `gh secret set` sets, in the block and in the sentence below it. */
function secrets(): Readonly<Record<string, string>> {
  const named = [
    ...commands('secret').map(([, , , name = '']) => name),
    ...page.spans.flatMap(({ text }) => /^gh secret set (\w+)$/.exec(text)?.[1] ?? []),
  ];
  assert.deepEqual(named, ['ATLAN_API_TOKEN', 'REGISTRY_PASSWORD']);
  return { ATLAN_API_TOKEN: TOKEN, REGISTRY_PASSWORD: USER.password };
}

function commands(verb: 'variable' | 'secret'): readonly (readonly string[])[] {
  const block = page.blocks.find(({ text }) =>
    text.startsWith('gh variable set SDR_MIRROR_TENANT'),
  );
  assert.ok(block);
  return commandsIn(block)
    .map(({ words }) => words)
    .filter(([program, noun]) => program === 'gh' && noun === verb);
}

function blockWith(text: string): string {
  const found = page.blocks.find(
    (block) => block.language === 'yaml' && block.text.startsWith(`- if: ${text}`),
  );
  assert.ok(found, text);
  return found.text;
}

/** The repository that the page says to make: mirror.yaml as init writes it, and the workflow. */
async function ownRepository(site: Site, tenant: string): Promise<string> {
  const sources = join(site.folder, 'sdr');
  await mkdir(sources);
  const init = ['init', '--releases-url', tenant, '--target', `${site.target.host}/atlan`];
  const map = ['--map', `s3://acme-sdr/${MAP}`];
  await execa(process.execPath, [bundled('cli/mirror'), ...init, ...map], { cwd: sources });
  const written = await readFile(join(sources, 'mirror.yaml'), 'utf8');
  const registries = page.blocks.find(({ text }) => text.startsWith('registries:'))?.text ?? '';
  const { host } = site.target;
  // What the page cannot know: registries without TLS, a store and a Sigstore of our own.
  const mirrorYaml = `${written
    .replace(/^verify:$/m, 'verify:\n  trustRoot: trusted_root.json')
    .replace(/^map:$/m, `map:\n  s3: { endpoint: "${site.store.url}", pathStyle: true }`)}
source: { registry: "${site.source.host}" }
${registries.replace('registry.mycompany.com: {', `"${host}": { plainHttp: true,`)}  "${site.source.host}": { plainHttp: true }
`;
  await writeFiles(sources, { 'mirror.yaml': mirrorYaml, 'trusted_root.json': site.trustedRoot });
  await writeFiles(join(sources, '.github/workflows'), { 'mirror.yml': await read(WORKFLOW) });
  await commit(sources);
  return sources;
}

/** Where sdr-mirror lies: the package, as a release commits it for GitHub. */
async function actionRepository(folder: string): Promise<string> {
  const [sources, origin] = [join(folder, 'sources'), join(folder, 'sdr-mirror.git')];
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await execa('npm', pack, { cwd: ROOT });
  const [{ filename, version }] = JSON.parse(stdout) as [{ filename: string; version: string }];
  await execa('git', ['init', '--quiet', '--bare', origin]);
  await writeFiles(sources, { 'README.md': 'Sources' });
  await commit(sources);
  await execa('git', ['remote', 'add', 'origin', origin], { cwd: sources });
  const publish = join(ROOT, 'scripts/publish-action.sh');
  await execa(publish, [join(folder, filename), `v${version}`], { cwd: sources });
  return origin;
}

async function commit(folder: string): Promise<void> {
  const author = ['-c', 'user.name=ci', '-c', 'user.email=ci@mycompany.example'];
  const git = async (...args: readonly string[]) => execa('git', args, { cwd: folder });
  await git('init', '--quiet');
  await git('add', '--all');
  await git(...author, 'commit', '--quiet', '--message', 'Begin');
}

function own({ steps }: JobOutcome): StepOutcome {
  const step = steps.find(({ name }) => name === 'mirror');
  assert.ok(step);
  return step;
}

function logOf({ steps }: JobOutcome): string {
  return steps.map(({ name, outcome, log }) => `${name}: ${outcome}\n${log}`).join('\n');
}

async function readReport({ artifacts }: JobOutcome): Promise<{
  readonly images: readonly { readonly outcome: string }[];
}> {
  const text = await readFile(artifacts['report'] ?? '', 'utf8');
  return JSON.parse(text) as { readonly images: readonly { readonly outcome: string }[] };
}

async function read(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}
