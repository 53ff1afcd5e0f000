/** The action as GitHub runs it: the bundle that action.yml names, with the environment of a step. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { execa } from 'execa';
import { parse } from 'yaml';
import { buildMultiArch } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { SERVERS, startWorld, type Launch, type World } from '../run/world.ts';

const ROOT = join(import.meta.dirname, '../../..');
const { runs } = parse(readFileSync(join(ROOT, 'action.yml'), 'utf8')) as {
  readonly runs: { readonly using: string; readonly main: string };
};

interface Step {
  readonly exitCode: number | undefined;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

interface Workspace {
  readonly world: World;
  readonly step: (inputs?: Readonly<Record<string, string>>) => Promise<Step>;
}

async function workspace(t: TestContext): Promise<Workspace> {
  let inputs: Readonly<Record<string, string>> = {};
  let files = { output: '', summary: '' };
  let count = 0;
  const launch: Launch = (_args, { folder, env }) => {
    // Each step has files of its own.
    const temporary = join(folder, `runner-${(count += 1)}`);
    mkdirSync(temporary);
    files = { output: join(temporary, 'output'), summary: join(temporary, 'summary.md') };
    for (const file of Object.values(files)) writeFileSync(file, '');
    const github = {
      ...env,
      HOME: folder,
      PATH: process.env['PATH'] ?? '',
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: folder,
      GITHUB_OUTPUT: files.output,
      GITHUB_STEP_SUMMARY: files.summary,
      RUNNER_TEMP: temporary,
      ...inputs,
    };
    const options = { cwd: folder, env: github, extendEnv: false, reject: false };
    return execa(process.execPath, [join(ROOT, runs.main)], options);
  };
  const world = await startWorld(t, launch);
  return {
    world,
    step: async (given = {}) => {
      inputs = given;
      const { exitCode, stdout, stderr } = await world.start();
      const output = readFileSync(files.output, 'utf8');
      const values = [...output.matchAll(/^(\w+)<<(end-\S+)\n([\s\S]*?)\n\2$/gm)];
      return {
        exitCode,
        log: `${stdout}\n${stderr}`,
        outputs: Object.fromEntries(values.map(([, name = '', , value = '']) => [name, value])),
        summary: readFileSync(files.summary, 'utf8'),
      };
    },
  };
}

test('a dry run changes nothing, a run mirrors, the next has nothing to do', async (t) => {
  if (!requireServer(t, ...SERVERS)) return;
  const { world, step } = await workspace(t);
  assert.equal(runs.using, 'node24');
  const image = buildMultiArch('action');
  const announced = await world.announce('vendor/app', '1.0', image);
  await world.signKeyless('vendor/app', image, 'bundle');
  await world.configure();

  const dry = await step({ 'INPUT_DRY-RUN': 'true' });
  assert.equal(dry.exitCode, 0, dry.log);
  assert.equal(dry.outputs['changed'], 'false');
  assert.match(dry.summary, /### To be done/);
  assert.equal(await world.map(), '');

  const first = await step({ INPUT_CONFIG: 'mirror.yaml', 'INPUT_DRY-RUN': 'false' });
  assert.equal(first.exitCode, 0, first.log);
  const { report = '', ...counts } = first.outputs;
  assert.deepEqual(counts, { changed: 'true', mirrored: '1', failed: '0' });
  const { outcome, images } = JSON.parse(readFileSync(report, 'utf8')) as {
    readonly outcome: string;
    readonly images: readonly { readonly image: string; readonly digest: string }[];
  };
  assert.equal(outcome, 'succeeded');
  assert.deepEqual(
    images.map((one) => [one.image, one.digest]),
    [[announced, image.digest]],
  );
  assert.match(first.summary, /### Newly in use/);
  assert.match(await world.map(), /mirrored\/app:1\.0/);

  const second = await step();
  assert.equal(second.exitCode, 0, second.log);
  assert.equal(second.outputs['changed'], 'false');
  assert.match(second.summary, /nothing had to change/);
});

test('an image that nobody signed fails the step, with a mark that says what to do', async (t) => {
  if (!requireServer(t, ...SERVERS)) return;
  const { world, step } = await workspace(t);
  const announced = await world.announce('vendor/unsigned', '1.0', buildMultiArch('unsigned'));
  await world.configure();

  const { exitCode, log, outputs, summary } = await step();
  assert.equal(exitCode, 4, log);
  assert.deepEqual([outputs['failed'], outputs['changed']], ['1', 'false']);
  const title = announced.replaceAll(':', '%3A');
  assert.ok(log.includes(`::error title=${title}::SIGNATURE_MISSING: `), log);
  assert.match(summary, /^## ❌ 1 of 1 image failed/);
});
