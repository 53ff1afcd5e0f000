import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { annotationsOf } from '../../../../src/cli/action/annotations.ts';
import { main } from '../../../../src/cli/action/run-action.ts';
import { annotate } from '../../../../src/cli/action/workflow-commands.ts';
import { hostileRecord } from '../../../support/hostile-record.ts';
import { eventfulRecord, imageRecord, recordOf } from '../../../support/run-record.ts';

interface Step {
  readonly code: number;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** Runs the action as GitHub does, in a workspace with these files. */
async function step(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  inputs: Readonly<Record<string, string>> = {},
): Promise<Step> {
  const folder = await mkdtemp(join(tmpdir(), 'action-'));
  t.after(async () => rm(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  const all = { output: '', summary: '', ...files };
  await Promise.all(Object.entries(all).map(async ([name, text]) => writeFile(at(name), text)));
  let log = '';
  const stream = (): PassThrough =>
    Object.assign(new PassThrough(), { isTTY: false }).on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
  const process = Object.assign(new EventEmitter(), {
    argv: ['node', 'action.js'],
    env: {
      DOCKER_CONFIG: '/nonexistent',
      GITHUB_WORKSPACE: folder,
      GITHUB_OUTPUT: at('output'),
      GITHUB_STEP_SUMMARY: at('summary'),
      RUNNER_TEMP: at('temp'),
      ...inputs,
    },
    cwd: () => '/',
    pid: 4711,
    stdin: new PassThrough(),
    stdout: stream(),
    stderr: stream(),
  });
  const code = await main(process as unknown as NodeJS.Process);
  const output = await readFile(at('output'), 'utf8');
  const outputs = [...output.matchAll(/^(\w+)<<(end-\S+)\n([\s\S]*?)\n\2$/gm)].map(
    ([, name = '', , value = '']) => [name, value] as const,
  );
  return {
    code,
    log,
    outputs: Object.fromEntries(outputs),
    summary: await readFile(at('summary'), 'utf8'),
  };
}

const NOTHING = {
  'releases.json': '{"releases": []}',
  'mirror.yaml': `
releases: { file: releases.json }
target: { image: "127.0.0.1:1/atlan/{name}:{tag}" }
map: { store: "file:image-map.yaml" }
`,
};

test('a run leaves outputs and a summary', async (t) => {
  const { code, outputs, summary, log } = await step(t, NOTHING);
  assert.equal(code, 0, log);
  const { report = '', ...rest } = outputs;
  assert.deepEqual(rest, { changed: 'false', mirrored: '0', failed: '0' });
  assert.match(report, /temp\/sdr-mirror\/report\.json$/);
  assert.match(summary, /^## ✅ Nothing is announced/);
});

test('a failure is an annotation, and the exit code that of the run', async (t) => {
  const releases = { releases: [{ app_name: 'a', version: '1', image: '127.0.0.1:1/a:1' }] };
  const { code, outputs, log } = await step(t, {
    ...NOTHING,
    'releases.json': JSON.stringify(releases),
  });
  assert.equal(code, 3, log);
  assert.equal(outputs['failed'], '1');
  assert.match(log, /^::error title=127\.0\.0\.1%3A1\/a%3A1::REGISTRY_\w+: .*%0A/m);
});

test('what kept the run from beginning is the annotation', async (t) => {
  const { code, outputs, log, summary } = await step(t, { 'mirror.yaml': 'target: {}' });
  assert.equal(code, 2);
  assert.deepEqual(outputs, { changed: 'false', mirrored: '0', failed: '0', report: '' });
  assert.match(log, /^::error title=sdr-mirror could not run::CONFIG_INVALID: .*releases/m);
  assert.equal(summary, '');
});

test('a wrong input is said before anything runs', async (t) => {
  const { code, log } = await step(t, NOTHING, { 'INPUT_DRY-RUN': 'perhaps' });
  assert.equal(code, 2);
  assert.equal(
    log,
    '::error title=sdr-mirror::the input dry-run is "perhaps": write true or false\n',
  );
});

test('the token is hidden, and what the run prints is not obeyed', async (t) => {
  const { log } = await step(t, NOTHING, { INPUT_TOKEN: 'sesame' });
  const [mask, stop = '', ...rest] = log.trim().split('\n');
  assert.equal(mask, '::add-mask::sesame');
  const [, token = ''] = /^::stop-commands::(\S+)$/.exec(stop) ?? [];
  assert.match(token, /^[0-9a-f-]{36}$/);
  assert.ok(rest.includes(`::${token}::`), log);
});

test('each failure is named with what to do, ten at most', () => {
  const annotations = annotationsOf(eventfulRecord());
  assert.deepEqual(
    annotations.map(({ level, title }) => [level, title]),
    [
      ['error', 'atlanhq/atlan-tableau-app:7.1.0'],
      ['error', 'atlanhq/atlan-redshift-app:2.0.0'],
      ['warning', '1 image not usable yet'],
    ],
  );
  const error = { code: 'REGISTRY_UNAVAILABLE', message: 'away', retryable: true };
  const many = [...Array(12).keys()].map((index) =>
    imageRecord(`app-${index}:1`, { outcome: 'failed', error: { ...error } }),
  );
  const titles = annotationsOf(recordOf(many)).map(({ title }) => title);
  assert.deepEqual([titles.length, titles.at(-1)], [10, '3 more failures']);
});

test('what others wrote makes no command of its own', () => {
  const stdout = new PassThrough();
  for (const annotation of annotationsOf(hostileRecord())) annotate(annotation, stdout);
  const lines = String(stdout.read()).trimEnd().split('\n');
  for (const line of lines) assert.match(line, /^::(?:error|warning) title=[^:,]*::/);
});

test('a mark says what it is told to, whatever is in it', () => {
  const stdout = new PassThrough();
  annotate({ level: 'error', title: 'a:1, b', message: '100%\r\nb: c, d' }, stdout);
  assert.equal(String(stdout.read()), '::error title=a%3A1%2C b::100%25%0D%0Ab: c, d\n');
});
