import assert from 'node:assert/strict';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startScene } from '../../support/scene.ts';
import { waitFor } from '../../support/servers/server-process.ts';

test('everything is there: each check says what it found, and nothing is left behind', async (t) => {
  const scene = await startScene(t);
  await scene.offer('teradata', '3.1.4');
  const before = await readdir(scene.folder);

  const { exitCode, stdout, stderr } = await scene.mirror.run('doctor');

  assert.equal(exitCode, 0, stdout + stderr);
  for (const line of [
    /✔ read the releases from http:\/\/127\.0\.0\.1:\d+.*: 1 announced/,
    /✔ pull from 127\.0\.0\.1:\d+: by nobody/,
    /✔ pull from and push to 127\.0\.0\.1:\d+\/mirrored\/teradata: by the credential of registries:/,
    /✔ let one of several writers win \(file:.*image-map\.yaml\)/,
    /✔ verify signatures: Accepted signers: .*application-sdk/,
    /✔ read the trust root \(.*trusted_root\.json\)/,
    /✔ compare this machine's clock: as that of 127\.0\.0\.1/,
    /Everything a run needs is there\./,
  ]) {
    assert.match(stdout, line);
  }
  assert.deepEqual(await readdir(scene.folder), before);
  assert.equal(scene.target.openUploads, 0);
  assert.equal(scene.target.store.repository('mirrored/teradata').manifests.size, 0);
});

test('one failure hides no other, and the gravest decides', async (t) => {
  const scene = await startScene(t);
  await scene.offer('teradata', '3.1.4');
  await scene.configure((text) =>
    text
      .replace('"${REGISTRY_PASSWORD}"', 'wrong')
      .replace('trusted_root.json', 'mirror.yaml')
      .replace('file:image-map.yaml', 'file:no-such-folder/image-map.yaml'),
  );

  const { exitCode, stdout } = await scene.mirror.run('doctor', '--output', 'json');

  assert.equal(exitCode, 4);
  const findings = JSON.parse(stdout) as { outcome: string; error?: { code: string } }[];
  const failed = findings.filter(({ outcome }) => outcome === 'failed');
  assert.deepEqual(
    failed.map(({ error }) => error?.code),
    ['REGISTRY_UNAUTHORIZED', 'MAP_UNAVAILABLE', 'TRUST_ROOT_UNAVAILABLE'],
  );
});

test('a tenant that refuses the token, and images without a place', async (t) => {
  const scene = await startScene(t);
  await scene.offer('teradata', '3.1.4');
  await scene.offer('oracle', '3.1.4');
  await scene.configure((text) => text.replace('{name}:{tag}', 'all-in-one:{tag}'));
  const clash = await scene.mirror.run('doctor');
  assert.equal(clash.exitCode, 2, clash.stdout + clash.stderr);
  assert.match(clash.stdout, /✖ give every image a place at the target: atlanhq\/teradata:3\.1\.4/);
  assert.match(clash.stdout, /would both become/);

  await scene.configure((text) => text.replace('${ATLAN_API_TOKEN}', 'expired'));
  const refused = await scene.mirror.run('doctor');
  assert.equal(refused.exitCode, 5);
  assert.match(refused.stdout, /✖ read the releases.*\n +RELEASES_UNAVAILABLE: .*401/);
  assert.match(refused.stdout, /✔ replace it/);
});

test('places of reports, a Pushgateway and a missing skopeo are told, with what to do', async (t) => {
  const scene = await startScene(t, { path: (folder) => folder });
  await scene.offer('teradata', '3.1.4');
  await scene.configure(
    (text) => `${text}
report: { json: reports/today.json, html: mirror.yaml/report.html, pushgateway: "http://127.0.0.1:1" }
copy: { engine: skopeo }
`,
  );
  const { exitCode, stdout } = await scene.mirror.run('doctor');

  assert.equal(exitCode, 2, stdout);
  assert.match(stdout, /✔ write report\.json: .*reports\/today\.json/);
  assert.match(stdout, /✖ write report\.html\n +REPORT_UNWRITABLE: .*a file, not a folder/);
  assert.match(stdout, /✖ reach the Pushgateway .*\n +REPORT_UNDELIVERABLE: .*nothing listens/);
  assert.match(stdout, /✖ use the copy engine\n +CONFIG_INVALID: there is no skopeo here: /);
  assert.match(stdout, /3 of \d+ checks failed/);
});

test('the skopeo that is looked for is the one that a run then calls', async (t) => {
  const scene = await startScene(t, { path: (folder) => `${folder}:/usr/bin:/bin` });
  await scene.offer('teradata', '3.1.4');
  await scene.write(
    'skopeo',
    '#!/bin/sh\necho skopeo version 9.9.9\necho "$@" >> "$(dirname "$0")/calls"\nexit 7\n',
  );
  await chmod(join(scene.folder, 'skopeo'), 0o755);
  await scene.configure((text) => `${text}copy: { engine: skopeo }\n`);
  assert.match((await scene.mirror.run('doctor')).stdout, /✔ use the copy engine: skopeo/);
  assert.equal((await scene.mirror.run('run')).exitCode, 3);
  assert.match(await scene.read('calls'), /^--version\n--version\n.*\bcopy\b/);
});

test('a place that takes no report is for its user to mend, and no bug', async (t) => {
  const scene = await startScene(t);
  await scene.configure((text) => `${text}report: { html: mirror.yaml/report.html }\n`);
  assert.equal((await scene.mirror.run('doctor')).exitCode, 2);
});

test('a signal ends it at once', async (t) => {
  const scene = await startScene(t);
  scene.marketplace.script({ silent: true });
  const ended = scene.mirror.run('doctor');
  await waitFor('the releases are asked for', () => scene.marketplace.requests[0]);

  scene.mirror.signal('SIGINT');

  const { exitCode, stdout, stderr } = await ended;
  assert.equal(exitCode, 130, stdout + stderr);
  assert.equal(stdout, '');
});

test('where no image is known, it says what could not be tried', async (t) => {
  const scene = await startScene(t);
  scene.marketplace.script({ status: 404 });

  const { exitCode, stdout } = await scene.mirror.run('doctor');

  assert.equal(exitCode, 5);
  assert.match(stdout, /- pull from the source, push to the target: no image is known/);
  assert.match(stdout, /1 of 16 checks failed, and 3 could not be tried/);
});
