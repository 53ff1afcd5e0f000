import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import type { Client } from '@temporalio/client';
import * as v from 'valibot';
import { appResult } from '../../../src/orchestrator/temporal/contract/results.ts';
import { createOAuthTokens } from '../../../src/orchestrator/temporal/oauth.ts';
import { apiKeyTokens } from '../../../src/orchestrator/temporal/tokens.ts';
import { Secret } from '../../../src/secret.ts';
import { FakeCommands } from '../../fakes/fake-commands.ts';
import { ForwardProxy } from '../../support/forward-proxy.ts';
import { listeningPorts } from '../../support/listening.ts';
import { json, startScripted } from '../../support/scripted-server.ts';
import { findBinary, requireServer } from '../../support/servers/binaries.ts';
import { Endings } from '../../support/servers/endings.ts';
import { makeIssuedCertificate } from '../../support/servers/certificate.ts';
import {
  startProcess,
  temporaryFolder,
  waitFor,
  type ServerProcess,
} from '../../support/servers/server-process.ts';
import { openTemporalGate } from '../../support/servers/temporal-gate.ts';
import {
  startTemporal,
  temporalClient,
  type TemporalServer,
} from '../../support/servers/temporal.ts';
import { jwt } from '../../support/temporal/jwt.ts';
import { execute, startWorker } from '../../support/temporal/scene.ts';
import { startStage } from '../../support/temporal/stage.ts';

const WORKER = join(import.meta.dirname, '../../support/temporal/worker-process.ts');
const PAYLOAD = { app: 'teradata' };
// Temporal gives up on a worker whose beats stop after 30 s, and the core on credentials after 60 s.
const LONG_MS = 120_000;

// Together, as each waits for most of its time.
describe('a worker outlives', { concurrency: true }, () => {
  const endings = new Endings();
  let server: TemporalServer;
  let client: Client;
  let bundle: string;

  before(async () => {
    if (findBinary('temporal') === undefined) return;
    ({ server, client, bundle } = await startStage(endings));
  });

  after(async () => endings.run());

  test('its own death: another takes over what it was doing', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'killed';
    const options = ['--address', server.address, '--deployment', deployment, '--bundle', bundle];
    const worker = await startWorkerProcess(t, [...options, '--hang']);
    const result = execute(client, deployment, 'install', PAYLOAD, 'killed-1');
    await waitFor('the command', async () =>
      (await worker.log()).includes('began killed-1') ? true : undefined,
    );
    assert.deepEqual(listeningPorts(worker.pid), [], 'it listens on a port');
    await worker.kill();
    const commands = new FakeCommands(deployment);
    await startWorker(t, { deployment, bundle, commands, settings: server });
    assert.equal(v.parse(appResult, await result).outcome, 'done');
    assert.deepEqual(commands.calls, ['install teradata killed-1']);
  });

  test('a server that is gone and comes back, with a command in flight', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'gone';
    const own = await startTemporal();
    t.after(own.stop);
    const commands = new FakeCommands(deployment);
    const end = Promise.withResolvers<undefined>();
    commands.behaviour = async () => end.promise;
    const { duty } = await startWorker(t, { deployment, bundle, commands, settings: own });
    const { client: control, close } = await temporalClient(own.address);
    t.after(close);
    const handle = await control.workflow.start('install', {
      taskQueue: `atlan-sdr-${deployment}`,
      workflowId: 'gone-1',
      args: [PAYLOAD],
    });
    await waitFor('the command', () => (commands.calls.length > 0 ? true : undefined));
    await own.kill();
    await waitFor(
      'the outage to be noticed',
      () => (duty.status().state === 'unreachable' ? true : undefined),
      LONG_MS,
    );
    // Done, while nobody can be told.
    end.resolve(undefined);
    await own.restart();
    await waitFor(
      'the server to be found again',
      () => (duty.status().state === 'polling' ? true : undefined),
      LONG_MS,
    );
    assert.equal(v.parse(appResult, await handle.result()).outcome, 'done');
    assert.deepEqual(commands.changes, ['install teradata gone-1']);
    await execute(control, deployment, 'status', {}, 'gone-2');
  });

  test('credentials refused for so long that it fails for good', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'refused';
    const gate = await openTemporalGate(server.address);
    t.after(async () => gate.stop());
    const options = ['--address', gate.address, '--deployment', deployment, '--bundle', bundle];
    // In a process of its own: what a failed worker leaves behind keeps a process from ending.
    const worker = await startWorkerProcess(t, [...options, '--api-key', 'api-key']);
    gate.accept(() => false);
    // Polls that are open would go on for a minute.
    await gate.close();
    await gate.reopen();
    await waitFor(
      'the worker to fail for good, and its successor to be refused',
      async () =>
        /worker is FAILED[^]*refused: .* refuses namespace/.test(await worker.log())
          ? true
          : undefined,
      LONG_MS,
    );
    gate.accept(() => true);
    await execute(client, deployment, 'install', PAYLOAD, 'refused-1');
    assert.match(await worker.log(), /began refused-1/);
  });

  test('a token that is revoked before its time', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'revoked';
    let count = 0;
    const service = await startScripted(t, () => {
      count += 1;
      return json(200, { access_token: jwt({ iat: 1_000, exp: 1_900, jti: String(count) }) });
    });
    const gate = await openTemporalGate(server.address);
    t.after(async () => gate.stop());
    const tokens = createOAuthTokens({
      url: new URL(`${service.url}/token`),
      clientId: 'prod-client',
      clientSecret: new Secret('secret'),
      env: {},
    });
    const { duty, log } = await startWorker(t, {
      deployment,
      bundle,
      commands: new FakeCommands(deployment),
      tokens,
      settings: { address: gate.address },
    });
    const [revoked] = gate.tokens;
    gate.accept((token) => token !== revoked);
    await gate.close();
    await gate.reopen();
    await waitFor('another token', () => gate.tokens[1], LONG_MS);
    await execute(client, deployment, 'install', PAYLOAD, 'revoked-1');
    await waitFor(
      'the probe',
      () => (duty.status().state === 'polling' ? true : undefined),
      LONG_MS,
    );
    assert.ok(!log.some(({ fields }) => /FAILED/.test(String(fields['reason']))));
  });

  test('the way through a proxy, to a server with a certificate of the company', async (t) => {
    if (!requireServer(t, 'temporal', 'openssl')) return;
    const deployment = 'proxied';
    const host = 'acme-temporal.atlan.com';
    const { path: folder, remove } = await temporaryFolder('tls');
    t.after(remove);
    const { ca, ...own } = await certificateFor(folder, [host]);
    const gate = await openTemporalGate(server.address, own);
    t.after(async () => gate.stop());
    const proxy = await ForwardProxy.start(`https://${gate.address}`);
    t.after(() => {
      proxy.stop();
    });
    const env = { HTTPS_PROXY: proxy.url };
    const settings = { address: `${host}:443`, tls: { ca } };
    await startWorker(t, {
      deployment,
      bundle,
      commands: new FakeCommands(deployment),
      tokens: apiKeyTokens(new Secret('api-key')),
      settings,
      env,
    });
    await execute(client, deployment, 'install', PAYLOAD, 'proxied-1');
    assert.ok(proxy.hosts.every((asked) => asked === `${host}:443`));
    assert.deepEqual(gate.tokens, ['api-key']);
  });

  test('no certificate that it cannot trust', async (t) => {
    if (!requireServer(t, 'temporal', 'openssl')) return;
    const { path: folder, remove } = await temporaryFolder('tls');
    t.after(remove);
    const gate = await openTemporalGate(server.address, await certificateFor(folder));
    t.after(async () => gate.stop());
    const { duty } = await startWorker(t, {
      deployment: 'untrusted',
      bundle,
      commands: new FakeCommands(),
      tokens: apiKeyTokens(new Secret('api-key')),
      settings: { address: gate.address, tls: {} },
    });
    assert.equal(duty.status().state, 'unreachable');
    assert.match(duty.status().reason ?? '', /certificate/i);
    assert.deepEqual(gate.tokens, []);
  });
});

async function startWorkerProcess(
  t: TestContext,
  options: readonly string[],
): Promise<ServerProcess> {
  const { path: folder, remove } = await temporaryFolder('worker');
  const worker = await startProcess([process.execPath, WORKER, ...options], folder, (log) =>
    log.includes('polling Temporal') ? true : undefined,
  );
  t.after(async () => {
    await worker.kill();
    await remove();
  });
  return worker;
}

async function certificateFor(
  folder: string,
  hosts: readonly string[] = [],
): Promise<{ readonly certificate: string; readonly key: string; readonly ca: string }> {
  const files = await makeIssuedCertificate(folder, hosts);
  const [certificate = '', key = '', ca = ''] = await Promise.all(
    [files.certificate, files.key, files.authority].map(async (file) => readFile(file, 'utf8')),
  );
  return { certificate, key, ca };
}
