import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { main } from '../../../src/cli/mirror-program.ts';
import { load } from '../../support/config.ts';
import { commandLine, type CommandLine, type Ended } from '../../support/command-line.ts';
import { startScene } from '../../support/scene.ts';

const FLAGS = {
  releases: ['--releases-url', 'https://acme.atlan.com'],
  target: ['--target', 'registry.mycompany.com/atlan'],
  map: ['--map', 's3://acme-sdr/sdr/image-map.yaml'],
} as const;
const ALL = Object.values(FLAGS).flat();

interface Desk {
  readonly folder: string;
  readonly mirror: CommandLine;
  readonly read: (name?: string) => Promise<string>;
}

/** A folder to begin in; with what is typed there, a terminal. */
async function sitDown(
  t: TestContext,
  { typed, env = {} }: { readonly typed?: string; readonly env?: Record<string, string> } = {},
): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'mirror-init-'));
  t.after(async () => rm(folder, { recursive: true }));
  const terminal = typed === undefined ? {} : { columns: 120, typed };
  return {
    folder,
    mirror: commandLine(main, { cwd: folder, env, ...terminal }),
    read: async (name = 'mirror.yaml') => readFile(join(folder, name), 'utf8'),
  };
}

test('with everything said, it writes a file that loads, and says what comes next', async (t) => {
  const { mirror, read } = await sitDown(t);

  const { exitCode, stdout, stderr } = await mirror.run('init', ...ALL);

  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^Wrote mirror\.yaml\. What comes next:\n {2}export ATLAN_API_TOKEN=…/);
  assert.match(stdout, /mirror doctor [^]*mirror plan [^]*mirror run /);
  const config = await load(await read(), { env: { ATLAN_API_TOKEN: 'token' } });
  assert.equal(
    config.releases.from.kind === 'marketplace' && config.releases.from.url,
    FLAGS.releases[1],
  );
  assert.equal(config.target.image, 'registry.mycompany.com/atlan/{name}:{tag}');
  assert.equal(config.map.store, FLAGS.map[1]);
});

test('a run can begin at once with what it wrote', async (t) => {
  const scene = await startScene(t);
  await scene.offer('teradata', '3.1.4');
  const { marketplace, target, source } = scene;
  const line = async (text: string): Promise<Ended> => scene.mirror.run(...text.split(' '));

  const begun = await line(
    `init --config begun.yaml --releases-url ${marketplace.url} --target ${target.host}/atlan --map file:map.yaml`,
  );
  const planned = await line(
    `plan --config begun.yaml --source-registry ${source.host} --plain-http ${source.host} --plain-http ${target.host}`,
  );

  assert.equal(begun.exitCode, 0, begun.stderr);
  assert.doesNotMatch(begun.stdout, /ATLAN_API_TOKEN/);
  assert.match(begun.stdout, /mirror plan --config begun\.yaml/);
  // It got as far as the target, whose password nobody has said yet.
  assert.match(planned.stdout, /teradata:3\.1\.4/);
  assert.match(planned.stdout + planned.stderr, /REGISTRY_UNAUTHORIZED/);
});

test('at a terminal it asks for what is not said, until the answer can be used', async (t) => {
  const typed = 'http://acme.atlan.com\nacme.atlan.com\n\nregistry.mycompany.com/atlan/\n\n';
  const { mirror, read } = await sitDown(t, { typed });

  const { exitCode, stdout, stderr } = await mirror.run('init');

  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /Address of your tenant/);
  assert.match(stderr, /is no https address/);
  assert.match(stdout, /^Wrote /);
  const config = await load(await read(), { env: { ATLAN_API_TOKEN: 'token' } });
  assert.deepEqual(config.releases.from.kind, 'marketplace');
  assert.equal(config.target.image, 'registry.mycompany.com/atlan/{name}:{tag}');
  assert.equal(config.map.store, 'file:/srv/job/image-map.yaml');
});

test('it asks for no more than is missing', async (t) => {
  const { mirror, folder, read } = await sitDown(t, { typed: 'file:map.yaml\n' });
  await writeFile(join(folder, 'releases.json'), '{"releases": []}');

  const ended = await mirror.run('init', '--releases-file', 'releases.json', ...FLAGS.target);

  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.doesNotMatch(ended.stderr, /tenant|images go/);
  assert.match(await read(), /^ {2}file: releases\.json$/m);
  assert.doesNotMatch(ended.stdout, /ATLAN_API_TOKEN/);
});

test('who goes away leaves nothing behind', async (t) => {
  for (const typed of ['', 'acme.atlan.com\n', 'acme.atlan.com\n\u{3}']) {
    const { mirror, folder } = await sitDown(t, { typed });
    const { exitCode, stderr } = await mirror.run('init');
    assert.equal(exitCode, 130, stderr);
    assert.match(stderr, /Nothing was written/);
    assert.deepEqual(await readdir(folder), []);
  }
});

test('without a terminal it says which flags are missing, and waits for nobody', async (t) => {
  const { mirror, folder } = await sitDown(t);

  const { exitCode, stderr } = await mirror.run('init', '--target', 'registry.mycompany.com/atlan');

  assert.equal(exitCode, 2);
  assert.match(
    stderr,
    /no terminal to ask at\. Give --releases-url .* or --releases-file and --map/,
  );
  assert.deepEqual(await readdir(folder), []);
});

test('what cannot be used is told by its flag, everything at once', async (t) => {
  const { mirror, folder } = await sitDown(t);

  const flags =
    '--releases-url http://acme.atlan.com --target registry.mycompany.com/{nmae}:{tag} --map map.yaml';
  const { exitCode, stderr } = await mirror.run('init', ...flags.split(' '));

  assert.equal(exitCode, 2);
  assert.match(stderr, /3 problems/);
  assert.match(stderr, /^ {2}--releases-url: .*https/m);
  assert.match(stderr, /^ {2}--target: .*did you mean \{name\}/m);
  assert.match(stderr, /^ {2}--map: .*put "file:" before it/m);
  assert.deepEqual(await readdir(folder), []);
});

test('a file that is there is left alone, unless it is to be replaced', async (t) => {
  const { mirror, folder, read } = await sitDown(t, { env: { MIRROR_CONFIG: 'ours.yaml' } });
  await writeFile(join(folder, 'ours.yaml'), 'precious');

  const refused = await mirror.run('init', ...ALL);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /ours\.yaml is there already.*--force/);
  assert.equal(await read('ours.yaml'), 'precious');

  const replaced = await mirror.run('init', '--force', '--output', 'json', ...ALL);
  assert.equal(replaced.exitCode, 0, replaced.stderr);
  const said = JSON.parse(replaced.stdout) as { written: string; next: readonly string[] };
  assert.equal(said.written, join(folder, 'ours.yaml'));
  assert.deepEqual(said.next.slice(-3), ['mirror doctor', 'mirror plan', 'mirror run']);
  assert.match(await read('ours.yaml'), /^releases:$/m);
});

test("nobody is asked only to be refused; a link that leads nowhere is somebody's, too", async (t) => {
  const asked = await sitDown(t, { typed: 'acme.atlan.com\n' });
  await writeFile(join(asked.folder, 'mirror.yaml'), 'precious');
  const refused = await asked.mirror.run('init');
  assert.equal(refused.exitCode, 2);
  assert.doesNotMatch(refused.stderr, /tenant/);

  const { mirror, folder } = await sitDown(t);
  await symlink('elsewhere.yaml', join(folder, 'mirror.yaml'));
  const { exitCode, stderr } = await mirror.run('init', ...ALL);
  assert.equal(exitCode, 2);
  assert.match(stderr, /mirror\.yaml is there already/);
});

test('a place that cannot be written to is named, with the reason', async (t) => {
  const { mirror, folder } = await sitDown(t);
  const missing = await mirror.run('init', '--config', 'no/such/mirror.yaml', ...ALL);
  assert.equal(missing.exitCode, 2);
  assert.match(
    missing.stderr,
    /no\/such\/mirror\.yaml cannot be written: its folder does not exist/,
  );

  const isFolder = await mirror.run('init', '--force', '--config', folder, ...ALL);
  assert.equal(isFolder.exitCode, 2);
  assert.match(isFolder.stderr, /it is a folder/);
});
