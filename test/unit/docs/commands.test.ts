import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as mirrorHelp from '../../../src/cli/help-text.ts';
import * as orchestratorHelp from '../../../src/cli/orchestrator/help.ts';
import { commandProblems, scriptOf } from '../../support/docs/commands.ts';
import { parsePage, readPages } from '../../support/docs/page.ts';
import { programOf } from '../../support/docs/programs.ts';

const pages = readPages();

for (const page of pages) {
  test(`${page.path}: its commands are such as there are`, async () => {
    assert.deepEqual(await commandProblems(page), []);
  });
}

test('there are commands to look at', () => {
  const pagesWith = pages.filter(({ blocks }) => blocks.some((block) => scriptOf(block)));
  assert.ok(pagesWith.length > 3);
});

const WRONG: Readonly<Record<string, readonly [text: string, problem: RegExp]>> = {
  'an option that does not exist': ['```sh\nmirror run --dryrun\n```', /^page\.md:2: .*--dryrun/],
  'a command that does not exist': [
    '\n```console\n$ npx mirror \\\n    rnu\nmirrored\n```',
    /^page\.md:3: .*unknown command 'rnu'/,
  ],
  'an option behind npx': ['```sh\nnpx --yes mirror plan --onyl x\n```', /^page\.md:2: .*--onyl/],
  'an argument that is missing': ['```sh\nnpm ci\nmirror verify\n```', /^page\.md:3: .*missing/],
  'a value that the configuration refuses': [
    '```sh\nFOO=1 mirror run --map image-map.yaml | tee log\n```',
    /^page\.md:2: .*--map.*file:/,
  ],
  'one that is only mentioned': ['a\n`mirror run --repare` b', /^page\.md:2: .*--repare/],
  'one for cron': [
    '```text\n1 * * * * cd /x && npx mirror run --qiet\n```',
    /^page\.md:2: .*--qiet/,
  ],
  'one in a container': [
    '```sh\ndocker run --rm registry.example/sdr-mirror:1.0.0 doktor\n```',
    /page\.md:2: .*unknown command 'doktor'/,
  ],
  'one in a pod': ['```sh\nkubectl exec pod -- mirror rnu\n```', /unknown command 'rnu'/],
  'a manifest that is not there': ['```sh\nkubectl apply -f no-such.yaml\n```', /no-such\.yaml/],
  'a script that is not there': ['```sh\nnpm run no-such\nscripts/no-such.sh\n```', /no-such/],
  'a program nobody knows': ['```sh\nmiror run\n```', /no test knows this program/],
  'what no shell understands': ["```sh\nnpm ci\necho 'a\n```", /^page\.md:3: bash: /],
};

for (const [what, [text, problem]] of Object.entries(WRONG)) {
  test(`found: ${what}`, async () => {
    const [found, ...others] = await commandProblems(parsePage('page.md', text));
    assert.match(found ?? '', problem);
    assert.ok(others.length <= 1, others.join('\n'));
  });
}

const HELP = { mirror: Object.values(mirrorHelp), orchestrator: Object.values(orchestratorHelp) };

for (const [name, text] of Object.entries(HELP).flatMap(([program, texts]) =>
  texts.map((text, index) => [`${program}, text ${index + 1}`, text] as const),
)) {
  test(`help of ${name}: its commands are such as there are`, async () => {
    const shown = text.replaceAll(/^ *(?=\$ )/gm, '');
    assert.deepEqual(
      await commandProblems(parsePage('help', `\`\`\`console\n${shown}\n\`\`\``)),
      [],
    );
  });
}

test('README.md names every command of mirror', () => {
  const readme = pages.find(({ path }) => path === 'README.md');
  const named = new Set(readme?.spans.map(({ text }) => text.split(' ').slice(0, 2).join(' ')));
  const missing = programOf('mirror')
    .commands.map((command) => `mirror ${command.name()}`)
    .filter((command) => !named.has(command));
  assert.deepEqual(missing, []);
});
