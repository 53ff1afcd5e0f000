import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePage, readPages } from '../../support/docs/page.ts';
import { dataProblems } from '../../support/docs/yaml-blocks.ts';

const pages = readPages();

for (const page of pages) {
  test(`${page.path}: its YAML and JSON are valid`, async () => {
    assert.deepEqual(await dataProblems(page), []);
  });
}

test('there is YAML to look at', () => {
  const blocks = pages.flatMap((page) => page.blocks).filter(({ language }) => language === 'yaml');
  assert.ok(blocks.length > 30, `${blocks.length} blocks`);
});

const WRONG: Readonly<Record<string, readonly [block: string, problem: RegExp]>> = {
  'a setting of mirror.yaml': [
    'map:\n  store: image-map.yaml\n',
    /^page\.md:5: mirror\.yaml: map\.store: .*file:/,
  ],
  'an unknown setting': ['verify:\n  mod: warn\n', /^page\.md:5: .*"mode"/],
  'a setting of config.yaml': [
    'orchestrator:\n  network: x\n  dta_folder: /x\n',
    /^page\.md:6: the orchestrator's config\.yaml: .*data_folder/,
  ],
  'an entry of the map': ['images:\n  a:1: b c\n', /^page\.md:\d: image-map\.yaml: /],
  'a component of Dapr': [
    'apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: x }\nspec: {}\n',
    /a Dapr component: /,
  ],
  'a field of Kubernetes': [
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n---\napiVersion: v1\nkind: Secret\nmetadata: { name: b }\nstringdata: {}\n',
    /^page\.md:8: an object of Kubernetes: \/stringdata: unknown/,
  ],
  'mirror.yaml in a ConfigMap': [
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  mirror.yaml: |\n    target: { imge: x }\n',
    /an object of Kubernetes: mirror\.yaml: target\.imge: /,
  ],
  'a key of a workflow': [
    'on: push\njobs:\n  mirror:\n    runs_on: ubuntu-latest\n    steps: []\n',
    /a workflow of GitHub Actions: jobs\.mirror\.runs_on/,
  ],
  'a step that does nothing': [
    '- name: x\n',
    /a workflow of GitHub Actions: steps\.0: uses or run/,
  ],
  'an input of the action': [
    '- uses: acme/sdr-mirror@v1\n  with: { confg: x }\n',
    /a workflow of GitHub Actions: action\.yml has no input "confg"/,
  ],
  'an input of the action, checked out': [
    '- uses: ./.sdr-mirror\n  with: { confg: x }\n',
    /action\.yml has no input "confg"/,
  ],
  'a metric': [
    'groups:\n  - rules:\n      - { alert: A, expr: sdr_mirror_lst_success > 0 }\n',
    /^page\.md:6: rules of Prometheus: no run exports sdr_mirror_lst_success/,
  ],
  'a schema': ['# $schema=./node_modules/sdr-mirror/miror.schema.json\n', /no miror\.schema\.json/],
  'something nobody knows': ['something: else\n', /^page\.md:4: no test knows what this YAML is/],
  'what is no YAML': ['a: [\n', /^page\.md:/],
};

for (const [what, [block, problem]] of Object.entries(WRONG)) {
  test(`found: ${what}`, async () => {
    const page = parsePage('page.md', `# Title\n\n\`\`\`yaml\n${block}\`\`\`\n`);
    assert.match((await dataProblems(page)).join('\n'), problem);
  });
}

test('found: what is no JSON', async () => {
  const found = await dataProblems(parsePage('page.md', '```json\n{ "a": }\n```\n'));
  assert.match(found.join('\n'), /^page\.md:2: [^]*JSON/);
});
