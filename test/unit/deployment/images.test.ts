import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { checkOrchestratorConfig } from '../../../src/orchestrator/config/check.ts';
import { textOf } from './manifests.ts';

const dockerfile = textOf('Dockerfile');

/** What each stage starts from, in their order, and whether it says for which platform. */
const stages = [...dockerfile.matchAll(/^FROM (--platform=\S+ )?(\S+)(?: AS (\S+))?$/gm)].map(
  ([, platform, from = '', name]) => ({ hasPlatform: platform !== undefined, from, name }),
);
const fromOutside = stages.filter(({ from }) => !stages.some(({ name }) => name === from));

test('every base comes from outside by digest, and can be replaced', () => {
  const defaults = new Map(
    [...dockerfile.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, name, value]) => [
      `\${${name}}`,
      value,
    ]),
  );
  const bases = new Set(fromOutside.map(({ from }) => from));
  assert.equal(bases.size, 2);
  for (const base of bases) {
    assert.match(defaults.get(base) ?? base, /^[\w.-]+\/[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
  }
});

test('bases for the platform of the image come before a stage has one of its own', () => {
  const order = fromOutside.map(({ hasPlatform }) => hasPlatform);
  assert.deepEqual(order, [false, false, true]);
});

test('images end as users without rights, and what starts them needs no shell', () => {
  for (const target of ['mirror', 'orchestrator']) {
    const [, stage = ''] = dockerfile.split(`FROM runtime AS ${target}\n`);
    const [own = ''] = stage.split(/^FROM /m);
    assert.match(own, /^USER [1-9]\d*:[1-9]\d*$/m, target);
    assert.match(own, /^ENTRYPOINT \["/m, target);
    assert.doesNotMatch(own, /^RUN /m, target);
  }
  assert.match(dockerfile, /^HEALTHCHECK .*CMD \["sdr-orchestrator", "health"\]$/m);
});

test('config.yaml and .env of the orchestrator pass, once they are filled in', async () => {
  const folder = 'examples/orchestrator';
  const files = new Map([
    ['/config.yaml', textOf(`${folder}/config.yaml`)],
    ['/.env', textOf(`${folder}/.env`).replaceAll(/=$/gm, '=filled-in')],
  ]);
  const { errors, warnings } = await checkOrchestratorConfig({
    env: {},
    cwd: '/',
    readFile: async (path) => files.get(path) ?? readFile(path, 'utf8'),
  });
  assert.deepEqual([errors, warnings], [[], []]);
});
