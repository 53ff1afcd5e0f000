import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { ConfigError, RegistryError } from '../../../src/errors.ts';
import { checkSkopeo, runSkopeoCopy } from '../../../src/copiers/skopeo-command.ts';
import type { SkopeoHost } from '../../../src/copiers/skopeo-session.ts';
import { digestOf } from '../../../src/registry/manifest.ts';
import type { DigestReference } from '../../../src/registry/reference.ts';
import { Secret } from '../../../src/secret.ts';

const env = { PATH: process.env['PATH'], ATLAN_API_TOKEN: 'hunter2', REGISTRY_PASSWORD: 'hunter2' };
const digest = digestOf(Buffer.from('an image'));
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdr-mirror-test-'));
});
after(() => rm(folder, { recursive: true }));

/** A program in skopeo's place. */
async function program(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

function host(registry: string, changes: Partial<SkopeoHost> = {}): SkopeoHost {
  const credential = { kind: 'anonymous', origin: 'a test' } as const;
  return { registry, credential, settings: {}, ...changes };
}

const source = host('src.example', {
  credential: { kind: 'basic', username: 'ann', password: new Secret('hunter2'), origin: 'a test' },
  settings: { ca: 'a certificate authority', cert: 'a certificate', key: new Secret('a key') },
});
const target = host('dst.example', {
  credential: { kind: 'identity', identityToken: new Secret('refresh me'), origin: 'a test' },
  settings: { plainHttp: true },
});

function imageAt(registry: string): DigestReference {
  return { kind: 'digest', registry, repository: 'app', digest };
}

function copyWith(
  binary: string,
  options: { signal?: AbortSignal } = {},
  silenceMs?: number,
): Promise<void> {
  return runSkopeoCopy(
    {
      binary,
      env,
      silenceMs,
      from: { host: source, image: imageAt('src.example') },
      to: { host: target, image: imageAt('dst.example') },
    },
    options,
  );
}

test('goes from digest to digest, with secrets in files that only we can read', async () => {
  const seen = join(folder, 'seen');
  const binary = await program(
    'recording',
    `for a in "$@"; do
       printf '%s\\n' "$a" >> ${seen}.args
       case "$a" in
         --authfile=*) f="\${a#*=}"; cp "$f" ${seen}.auth; stat -c '%a' "$f" "$(dirname "$f")" > ${seen}.modes;;
         --src-cert-dir=*) ls "\${a#*=}" > ${seen}.certs; stat -c '%a' "\${a#*=}/client.key" >> ${seen}.modes;;
       esac
     done
     tr '\\0' '\\n' < /proc/$$/environ > ${seen}.env`,
  );
  await copyWith(binary);
  const args = (await readFile(`${seen}.args`, 'utf8')).trim().split('\n');
  assert.equal(args[0], 'copy');
  for (const needed of ['--all', '--preserve-digests', '--dest-tls-verify=false']) {
    assert(args.includes(needed), needed);
  }
  assert(!args.includes('--src-tls-verify=false'));
  assert.deepEqual(args.slice(-2), [
    `docker://src.example/app@${digest}`,
    `docker://dst.example/app@${digest}`,
  ]);
  assert.deepEqual(JSON.parse(await readFile(`${seen}.auth`, 'utf8')), {
    auths: {
      'src.example': { auth: btoa('ann:hunter2') },
      'dst.example': { auth: btoa('<token>:'), identitytoken: 'refresh me' },
    },
  });
  assert.equal(await readFile(`${seen}.modes`, 'utf8'), '600\n700\n600\n');
  assert.equal(await readFile(`${seen}.certs`, 'utf8'), 'ca.crt\nclient.cert\nclient.key\n');
  const open = `${args.join('\n')}\n${await readFile(`${seen}.env`, 'utf8')}`;
  for (const secret of ['hunter2', 'refresh me', btoa('ann:hunter2')]) {
    assert(!open.includes(secret));
  }
  assertGone(args);
});

test('a failure leaves no file behind and names what was tried', async () => {
  const seen = join(folder, 'failing.args');
  const binary = await program(
    'failing',
    `printf '%s\\n' "$@" > ${seen}; echo 'level=fatal msg="initializing source docker://x: unauthorized, you said hunter2"' >&2; exit 1`,
  );
  await assert.rejects(copyWith(binary), (error) => {
    assert(error instanceof RegistryError);
    assert.deepEqual([error.code, error.side], ['REGISTRY_UNAUTHORIZED', 'source']);
    assert(!error.message.includes('hunter2'));
    assert.match(error.message, /src\.example\/app@sha256:.* to dst\.example\/app@sha256:/);
    return true;
  });
  assertGone((await readFile(seen, 'utf8')).trim().split('\n'));
});

test('stopped, it ends the process, removes the files and rejects with the reason', async () => {
  const seen = join(folder, 'waiting.args');
  const binary = await program('waiting', `printf '%s\\n' "$@" > ${seen}; exec sleep 60`);
  const controller = new AbortController();
  const reason = new Error('enough');
  const copying = copyWith(binary, { signal: controller.signal });
  while (!existsSync(seen)) await sleep(5);
  controller.abort(reason);
  await assert.rejects(copying, (error) => error === reason);
  assertGone((await readFile(seen, 'utf8')).trim().split('\n'));
});

test('one that moves no byte is ended, begun anew, and in the end told of', async () => {
  const seen = join(folder, 'silent.args');
  const binary = await program('silent', `printf '%s\\n' "$@" >> ${seen}; exec sleep 60`);
  await assert.rejects(copyWith(binary, {}, 200), (error) => {
    assert(error instanceof RegistryError);
    assert.deepEqual([error.code, error.retryable], ['REGISTRY_UNAVAILABLE', true]);
    assert.match(error.message, /no byte for 0\.2 s .*src\.example.*dst\.example.*3 times/);
    return true;
  });
  const args = (await readFile(seen, 'utf8')).trim().split('\n');
  assert.equal(args.filter((argument) => argument === 'copy').length, 3);
  assertGone(args);
});

test('one that moves bytes may take longer than it may be silent', async () => {
  const seen = join(folder, 'slow.times');
  const writes = `while [ $i -lt 30 ]; do printf '%05000d' 0 > /dev/null; sleep 0.05; i=$((i+1)); done`;
  const binary = await program('slow', `echo 1 >> ${seen}; i=0; ${writes}`);
  await copyWith(binary, {}, 1000);
  assert.equal(await readFile(seen, 'utf8'), '1\n');
});

test('a registry token is refused rather than shown in the arguments', async () => {
  const binary = await program('unused', 'exit 0');
  const credential = {
    kind: 'registry-token',
    registryToken: new Secret('bearer'),
    origin: 'a test',
  } as const;
  await assert.rejects(
    runSkopeoCopy(
      {
        binary,
        env,
        from: { host: host('a.example', { credential }), image: imageAt('a.example') },
        to: { host: target, image: imageAt('dst.example') },
      },
      {},
    ),
    ConfigError,
  );
});

for (const [name, script, expected] of [
  ['old', 'echo skopeo version 1.5.2', /version 1\.5; 1\.6 or later is needed/],
  ['mute', 'exit 0', /does not say which version/],
] as const) {
  test(`a ${name} skopeo is refused`, async () => {
    const binary = await program(name, script);
    await assert.rejects(checkSkopeo(binary, env, {}), (error) => {
      assert(error instanceof ConfigError);
      assert.match(error.message, expected);
      return true;
    });
  });
}

for (const version of ['1.6.0', '1.9.3', '1.18.0', '2.0.0-dev']) {
  test(`skopeo ${version} will do`, async () => {
    await checkSkopeo(await program(`new-${version}`, `echo skopeo version ${version}`), env, {});
  });
}

test('a missing skopeo comes with the way to get one', async () => {
  await assert.rejects(checkSkopeo(join(folder, 'nowhere'), env, {}), (error) => {
    assert(error instanceof ConfigError);
    assert.match(error.message, /apt-get install skopeo/);
    assert.match(error.message, /copy\.engine: registry/);
    return true;
  });
});

function assertGone(args: readonly string[]): void {
  const authFile = args.find((argument) => argument.startsWith('--authfile='))?.split('=')[1];
  assert(authFile !== undefined);
  assert(!existsSync(dirname(authFile)), 'the files are still there');
}

test('a proxy for one host is refused: skopeo would go past it', async () => {
  const binary = await program('unwanted', `touch ${join(folder, 'unwanted.ran')}`);
  const proxied = host('src.example', { settings: { proxy: new Secret('http://me:hunter2@p') } });
  const copy = runSkopeoCopy(
    {
      binary,
      env,
      from: { host: proxied, image: imageAt('src.example') },
      to: { host: target, image: imageAt('dst.example') },
    },
    {},
  );
  await assert.rejects(copy, (error) => {
    assert(error instanceof ConfigError);
    assert.match(
      error.message,
      /^registries: src\.example: proxy is for copy\.engine: registry only/,
    );
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
  assert.equal(existsSync(join(folder, 'unwanted.ran')), false);
});
