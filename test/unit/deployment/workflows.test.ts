import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { textOf, ROOT } from './manifests.ts';

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly permissions?: object;
  readonly on: { readonly schedule?: readonly { readonly cron: string }[] };
  readonly concurrency?: { readonly 'cancel-in-progress': unknown };
  readonly jobs: Readonly<
    Record<string, { readonly 'timeout-minutes'?: number; readonly steps?: readonly Step[] }>
  >;
}

const FILES = globSync('.github/workflows/*.yml', { cwd: ROOT });
const workflow = (path: string): Workflow => parse(textOf(path)) as Workflow;
const MIRROR = '.github/workflows/mirror.yml';

test('every action is pinned by its commit, with the version that it is', () => {
  const uses = [...FILES, 'docs/github-actions.md'].flatMap((file) =>
    [...textOf(file).matchAll(/^[ -]*uses: (.*)$/gm)].map(([, action = '']) => action),
  );
  assert.ok(uses.length > 20);
  const loose = uses
    .filter((action) => !action.startsWith('./'))
    .filter(
      (action) => !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # (?:action-)?v\d+\.\d+\.\d+$/.test(action),
    );
  assert.deepEqual(loose, []);
});

for (const file of FILES) {
  test(`${file}: a workflow may do nothing, or read; a job says what else it needs`, () => {
    const { permissions, jobs } = workflow(file);
    assert.ok(['{}', '{"contents":"read"}'].includes(JSON.stringify(permissions)));
    for (const [name, { steps, 'timeout-minutes': minutes }] of Object.entries(jobs)) {
      if (steps !== undefined) assert.ok(minutes !== undefined && minutes <= 60, name);
    }
  });
}

test('the scheduled workflow uses what the action takes and gives', () => {
  const { on, jobs, concurrency } = workflow(MIRROR);
  const { inputs, outputs } = parse(textOf('action.yml')) as {
    readonly inputs: object;
    readonly outputs: object;
  };
  const own = jobs['mirror']?.steps?.find(({ id }) => id === 'mirror');
  assert.ok(own?.uses);
  const unknown = Object.keys(own.with ?? {}).filter((name) => !(name in inputs));
  assert.deepEqual(unknown, []);
  const read = [...textOf(MIRROR).matchAll(/steps\.mirror\.outputs\.(\w+)/g)];
  assert.ok(read.every(([, name = '']) => name in outputs));
  // As the CronJob: not on the hour, not twice at once, and over before the next begins.
  assert.match(on.schedule?.[0]?.cron ?? '', /^[1-9]\d* \* \* \* \*$/);
  assert.equal(concurrency?.['cancel-in-progress'], false);
  assert.ok(Number(jobs['mirror']?.['timeout-minutes']) < 60);
});

test('it asks for the release that this version is', () => {
  const { version } = JSON.parse(textOf('package.json')) as { readonly version: string };
  assert.match(
    textOf(MIRROR),
    new RegExp(`\\n +ref: action-v${version.replaceAll('.', '\\.')}\\n`),
  );
});

test('the page on the action names its inputs and outputs, and no others', () => {
  const page = textOf('docs/github-actions.md');
  const named = (heading: string): readonly string[] => {
    const [, section = ''] = page.split(`\n## ${heading}\n`);
    const rows = section.split('\n## ')[0]?.matchAll(/^\| ((?:`[\w-]+`(?:, )?)+) \|/gm) ?? [];
    return [...rows].flatMap(([, names = '']) => names.replaceAll('`', '').split(', '));
  };
  const { inputs, outputs } = parse(textOf('action.yml')) as {
    readonly inputs: object;
    readonly outputs: object;
  };
  assert.deepEqual(named('Inputs').toSorted(), Object.keys(inputs).toSorted());
  assert.deepEqual(named('Outputs').toSorted(), Object.keys(outputs).toSorted());
});
