import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { checkOrchestratorConfig } from '../../../src/orchestrator/config/check.ts';
import { textOf } from './manifests.ts';

const dockerfile = textOf('Dockerfile');

test('every base comes from outside by digest, and can be replaced', () => {
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base ?? '');
  const stages = new Set([...dockerfile.matchAll(/^FROM .* AS (\S+)$/gm)].map(([, name]) => name));
  const defaults = new Map(
    [...dockerfile.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, name, value]) => [
      `\${${name}}`,
      value,
    ]),
  );
  const outside = bases.filter((base) => !stages.has(base));
  assert.equal(outside.length, 2);
  for (const base of outside) {
    assert.match(defaults.get(base) ?? base, /^[\w.-]+\/[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
  }
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
