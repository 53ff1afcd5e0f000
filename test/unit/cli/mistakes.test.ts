import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ended } from '../../support/command-line.ts';
import { SECRETS, startScene, type Scene } from '../../support/scene.ts';

interface Mistake {
  readonly title: string;
  readonly make: (scene: Scene) => Promise<void>;
  readonly args?: readonly string[];
  readonly exitCode: number;
  /** What the operator has to read: the thing, the cause, the next step. */
  readonly says: readonly RegExp[];
}

const MISTAKES: readonly Mistake[] = [
  {
    title: 'a command that does not exist',
    make: async () => {},
    args: ['rnu'],
    exitCode: 2,
    says: [/unknown command 'rnu'/, /Did you mean run\?/],
  },
  {
    title: 'an option that does not exist',
    make: async () => {},
    args: ['run', '--dryrun'],
    exitCode: 2,
    says: [/unknown option '--dryrun'/, /--dry-run/],
  },
  {
    title: 'a configuration file that is not there',
    make: async () => {},
    args: ['run', '--config', 'mirorr.yaml'],
    exitCode: 2,
    says: [/CONFIG_INVALID/, /mirorr\.yaml/],
  },
  {
    title: 'a typo in the configuration',
    make: async (scene) => scene.configure((text) => text.replace('trustRoot', 'trustroot')),
    exitCode: 2,
    says: [/mirror\.yaml:11:3/, /trustroot/, /trustRoot/],
  },
  {
    title: 'an environment variable that is not set',
    make: async (scene) => scene.configure((text) => text.replace('${ATLAN_API', '${NO_SUCH')),
    exitCode: 2,
    says: [/NO_SUCH_TOKEN/],
  },
  {
    title: 'a wrong API token',
    make: async (scene) =>
      scene.configure((text) => text.replace('${ATLAN_API_TOKEN}', 'marked-expired-token')),
    exitCode: 5,
    says: [/RELEASES_UNAVAILABLE/, /401/, /token/],
  },
  {
    title: 'a wrong password',
    make: async (scene) =>
      scene.configure((text) => text.replace('"${REGISTRY_PASSWORD}"', 'marked-wrong-password')),
    exitCode: 3,
    says: [/REGISTRY_UNAUTHORIZED/, /127\.0\.0\.1:\d+/, /registries: in the configuration/],
  },
  {
    title: 'a registry that is not reached',
    // A port that nobody can listen on.
    make: async (scene) =>
      scene.configure((text) => text.replaceAll(scene.target.host, '127.0.0.1:1')),
    exitCode: 3,
    says: [/REGISTRY_UNAVAILABLE/, /127\.0\.0\.1:1\b/, /ECONNREFUSED|refused/],
  },
  {
    title: 'a broken map',
    make: async (scene) => scene.write('image-map.yaml', 'images:\n  "a:1": "b:1\n'),
    exitCode: 6,
    says: [/MAP_INVALID/, /image-map\.yaml/, /image-map\.yaml:3:1/],
  },
  {
    title: 'no map to resolve by',
    make: async () => {},
    args: ['resolve', 'atlanhq/teradata:3.1.4'],
    exitCode: 6,
    says: [/MAP_UNAVAILABLE/, /image-map\.yaml/, /mirror run/],
  },
  {
    title: 'an image that is no reference',
    make: async (scene) => scene.write('image-map.yaml', 'images: {}\n'),
    args: ['resolve', 'Not An Image'],
    exitCode: 2,
    says: [/Not An Image/],
  },
];

for (const { title, make, args = ['run'], exitCode, says } of MISTAKES) {
  test(`${title}: exit ${exitCode}, and the message helps`, async (t) => {
    const scene = await startScene(t);
    await scene.offer('teradata', '3.1.4');
    await make(scene);
    const mapBefore = await scene.read('image-map.yaml').catch(() => undefined);

    const ended = await scene.mirror.run(...args);

    assert.equal(ended.exitCode, exitCode, show(ended));
    for (const pattern of says) assert.match(ended.stdout + ended.stderr, pattern);
    assert.equal(await scene.read('image-map.yaml').catch(() => undefined), mapBefore);
    assertNoSecrets(ended);
  });
}

test('as JSON, an error is a document on stdout, with the place of every problem', async (t) => {
  const scene = await startScene(t);
  await scene.configure((text) => text.replace('trustRoot', 'trustroot'));

  const ended = await scene.mirror.run('run', '--output', 'json');

  const { error } = JSON.parse(ended.stdout) as {
    readonly error: { readonly code: string; readonly issues: readonly object[] };
  };
  assert.equal(error.code, 'CONFIG_INVALID');
  assert.deepEqual(error.issues, [
    {
      message: 'unknown setting; did you mean "trustRoot"?',
      path: 'verify.trustroot',
      file: 'mirror.yaml',
      line: 11,
      column: 3,
    },
  ]);
});

function show({ stdout, stderr }: Ended): string {
  return `stdout:\n${stdout}\nstderr:\n${stderr}`;
}

function assertNoSecrets({ stdout, stderr }: Ended): void {
  for (const secret of [...Object.values(SECRETS), 'marked-']) {
    assert.equal((stdout + stderr).includes(secret), false, secret);
  }
}
