import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parsePage, ROOT } from '../../support/docs/page.ts';
import { isAsShown, transcriptOf } from '../../support/docs/transcript.ts';
import { startScene, type Scene } from '../../support/scene.ts';

const PAGE = 'docs/quick-start.md';

test('whoever follows the quick start sees what it shows', async (t) => {
  const scene = await startScene(t);
  await scene.offer('atlan-teradata-app', '3.1.4');
  await scene.offer('atlan-postgres-app', '2.4.0');
  await rm(join(scene.folder, 'mirror.yaml'));
  const commands = parsePage(PAGE, readFileSync(join(ROOT, PAGE), 'utf8'))
    .blocks.filter(({ language }) => language === 'console')
    .flatMap(transcriptOf)
    .filter(({ words }) => words.includes('mirror'));

  for (const { line, words, output } of commands) {
    const args = words.slice(words.indexOf('mirror') + 1);
    const { exitCode, stdout, stderr } = await scene.mirror.run(
      ...args.map((arg) => intoScene(arg, scene)),
    );
    const seen = outOfScene(stdout, scene);
    assert.equal(exitCode, 0, `${PAGE}:${line}: ${seen}${stderr}`);
    assert.ok(isAsShown(seen, output), `${PAGE}:${line}: the output is now\n${seen}`);
    // What the page cannot know: registries without TLS, a password, a Sigstore of our own.
    if (args[0] === 'init') await complete(scene);
  }
  assert.deepEqual(
    commands.map(({ words }) => words[2]),
    ['init', 'doctor', 'plan', 'run', 'run', 'resolve'],
  );
});

function intoScene(text: string, { marketplace, target }: Scene): string {
  return text
    .replaceAll('https://acme.atlan.com', marketplace.url)
    .replaceAll('registry.mycompany.com', target.host);
}

function outOfScene(text: string, { marketplace, source, target }: Scene): string {
  return text
    .replaceAll(marketplace.url, 'https://acme.atlan.com')
    .replaceAll(target.host, 'registry.mycompany.com')
    .replaceAll(source.host, 'docker.io');
}

async function complete(scene: Scene): Promise<void> {
  const { source, target } = scene;
  const text = await scene.read('mirror.yaml');
  await scene.write(
    'mirror.yaml',
    `${text.replace(/^verify:$/m, 'verify:\n  trustRoot: trusted_root.json')}
source: { registry: "${source.host}" }
registries:
  ${source.host}: { plainHttp: true }
  ${target.host}: { plainHttp: true, username: ci, password: "\${REGISTRY_PASSWORD}" }
`,
  );
}

test('an output that is not as shown is noticed', () => {
  const shown = ['a (184 MB) …', '…', 'in 21 s'];
  assert.ok(isAsShown('a (1.2 kB) b\nc\nd\nin 0.1 s\n', shown));
  assert.ok(!isAsShown('a (1.2 kB) b\nin 0.1 s\nmore\n', shown));
  assert.ok(!isAsShown('b (1.2 kB) b\nin 0.1 s\n', shown));
});
