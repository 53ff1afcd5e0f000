import assert from 'node:assert/strict';
import { test } from 'node:test';
import { starterConfig } from '../../../src/config/starter.ts';
import { load } from '../../support/config.ts';

const env = {
  ATLAN_API_TOKEN: 'token',
  DOCKERHUB_USER: 'user',
  DOCKERHUB_TOKEN: 'token',
  SLACK_WEBHOOK: 'https://hooks.slack.com/services/T0/B0/x',
};
const files = {
  '/run/secrets/registry': 'password\n',
  '/srv/job/releases.json': '{"releases": []}',
};
const releases = { url: 'https://acme.atlan.com' };
const map = 'file:image-map.yaml';

/** All that sleeps behind a # is put in force. */
function awake(text: string): string {
  return text.replaceAll(/^( *)#(?=\S| {2})/gm, '$1');
}

function at(host: string): string {
  return starterConfig({ releases, target: `${host}/atlan/{name}:{tag}`, map });
}

const TARGETS = [
  'registry.mycompany.com/atlan/{name}:{tag}',
  'localhost:5000/{name}:{tag}',
  'acmecorp/{name}:{tag}',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com/atlan/{name}:{tag}',
  'acme.azurecr.io/atlan/{name}:{tag}',
  '{registry}/{repository}:{tag}',
];

for (const target of TARGETS) {
  test(`to ${target}: it loads as it stands, and with every setting in force`, async () => {
    const text = starterConfig({ releases, target, map });
    const plain = await load(text, { env });
    assert.deepEqual(Object.keys(plain.registries), []);
    assert.equal(plain.target.image, target);
    assert.equal(plain.verify.mode, 'enforce');

    const full = await load(awake(text), { env, files });
    assert.deepEqual(
      [full.verify, full.target, full.map, full.copy],
      [plain.verify, plain.target, plain.map, plain.copy],
      'what sleeps is the default, where there is one',
    );
    assert.ok(full.notify && full.report.html && full.registries['docker.io']);
  });
}

test('the registry it goes to stands among those with credentials, as that registry wants it', () => {
  assert.match(at('registry.mycompany.com'), /^# {2}registry\.mycompany\.com:\n# {4}username/m);
  assert.match(
    at('123456789012.dkr.ecr.eu-west-1.amazonaws.com'),
    /amazonaws\.com: \{ createRepositories: true \}/,
  );
  assert.match(at('acme.azurecr.io'), /# acme\.azurecr\.io is signed in to by the identity/);
});

test('releases of a file need no token', async () => {
  const text = starterConfig({
    releases: { file: 'releases.json' },
    target: TARGETS[0] ?? '',
    map,
  });
  const { from } = (await load(text, { files })).releases;
  assert.deepEqual(from, { kind: 'file', path: '/srv/job/releases.json' });
});

test('an answer that YAML would take for something else stays what it is', async () => {
  const target = 'registry.mycompany.com/{name}:{tag}';
  const odd = 'file:a: b #c';
  const config = await load(starterConfig({ releases, target, map: odd }), { env });
  assert.equal(config.map.store, 'file:/srv/job/a: b #c');
});
