import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readInputs } from '../../../../src/cli/action/inputs.ts';
import { ConfigError } from '../../../../src/errors.ts';

const GITHUB = { GITHUB_WORKSPACE: '/srv/job/repo', RUNNER_TEMP: '/srv/job/_temp' };
const REPORT = '--report-json=/srv/job/_temp/sdr-mirror/report.json';

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, object>>;
  readonly runs: { readonly using: string; readonly main: string };
}

const action = parse(
  readFileSync(join(import.meta.dirname, '../../../../action.yml'), 'utf8'),
) as Action;

/** As GitHub names what `with:` says: upper case, hyphens kept. */
function given(inputs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const all = Object.fromEntries(
    Object.entries(action.inputs).map(([name, { default: text = '' }]) => [name, text]),
  );
  return Object.fromEntries(
    Object.entries({ ...all, ...inputs }).map(([name, text]) => [
      `INPUT_${name.toUpperCase()}`,
      text,
    ]),
  );
}

test('without any input it is mirror run in the workspace', () => {
  assert.deepEqual(readInputs({ ...GITHUB, ...given({}) }, '/'), {
    args: ['run', REPORT, '--log-level=info'],
    folder: '/srv/job/repo',
    report: '/srv/job/_temp/sdr-mirror/report.json',
    token: '',
  });
});

test('every input has its part', () => {
  const inputs = {
    config: 'sdr/mirror.yaml',
    token: ' secret\n',
    'dry-run': 'true',
    repair: 'true',
    only: 'atlan-*\n\n  --odd\n',
    'releases-url': 'https://acme.atlan.com',
    target: 'registry.mycompany.com/atlan/{name}:{tag}',
    map: 's3://acme-sdr/sdr/image-map.yaml',
    report: 'out/report.json',
    'working-directory': 'sdr',
    'log-level': 'debug',
  };
  assert.deepEqual(Object.keys(inputs).sort(), Object.keys(action.inputs).sort());
  assert.deepEqual(readInputs({ ...GITHUB, ...given(inputs) }, '/'), {
    args: [
      '--config=sdr/mirror.yaml',
      'run',
      '--dry-run',
      '--repair',
      '--only=atlan-*',
      '--only=--odd',
      '--releases-url=https://acme.atlan.com',
      '--target=registry.mycompany.com/atlan/{name}:{tag}',
      '--map=s3://acme-sdr/sdr/image-map.yaml',
      '--report-json=/srv/job/repo/sdr/out/report.json',
      '--log-level=debug',
    ],
    folder: '/srv/job/repo/sdr',
    report: '/srv/job/repo/sdr/out/report.json',
    token: 'secret',
  });
});

test('a word that is neither true nor false is a mistake', () => {
  assert.throws(
    () => readInputs(given({ 'dry-run': 'yes' }), '/'),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /the input dry-run is "yes": write true or false/);
      return true;
    },
  );
});
