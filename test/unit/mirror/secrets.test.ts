import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { createLogger, type LogRecord } from '../../../src/log.ts';
import { targetNaming } from '../../../src/mirror/naming.ts';
import { run } from '../../../src/mirror/run.ts';
import { createRegistries } from '../../../src/registry/client.ts';
import { createMarketplaceSource } from '../../../src/releases/marketplace.ts';
import { Secret } from '../../../src/secret.ts';
import { MemoryMapStore } from '../../fakes/memory-map-store.ts';
import { FakeSignatureVerifier } from '../../fakes/signature-verifier.ts';
import { buildImage, push } from '../../support/images.ts';
import { startMarketplace, type Marketplace } from '../../support/marketplace.ts';
import { errorAnswer, type Answer, type RegistryRequest } from '../../support/registry/exchange.ts';
import { startRegistry, type TestRegistry } from '../../support/registry/server.ts';

/** What must never be seen. In text, in base64 as a header carries it, or escaped for a URL. */
const SECRETS = {
  token: 'MARKED-release-token',
  source: 'MARKED-source-password',
  target: 'MARKED-target-password',
  signedUrl: 'MARKED-url-signature',
};
const IMAGE = buildImage({ seed: 'app', layers: [100] });

interface Scene {
  readonly marketplace: Marketplace;
  readonly source: TestRegistry;
  readonly target: TestRegistry;
  /** Authorization headers as each of them came, by host. */
  readonly sent: Map<string, Set<string>>;
  /** A run, and everything that anybody could see of it. */
  readonly run: () => Promise<{ readonly seen: string; readonly codes: readonly unknown[] }>;
}

type Fault = (request: RegistryRequest) => Answer | undefined;

async function startScene(
  t: TestContext,
  { atSource, atTarget }: { readonly atSource?: Fault; readonly atTarget?: Fault } = {},
): Promise<Scene> {
  const sent = new Map<string, Set<string>>();
  const note = (side: string, fault: Fault | undefined) => (request: RegistryRequest) => {
    const seen = sent.get(side) ?? new Set();
    sent.set(side, seen.add(request.headers.authorization ?? ''));
    return fault?.(request);
  };
  const marketplace = await startMarketplace({ token: SECRETS.token });
  t.after(() => marketplace.close());
  const source = await startRegistry({
    auth: { kind: 'bearer', users: { reader: SECRETS.source } },
    intercept: note('source', atSource),
  });
  t.after(() => source.close());
  const target = await startRegistry({
    auth: { kind: 'basic', users: { writer: SECRETS.target } },
    intercept: note('target', atTarget),
  });
  t.after(() => target.close());
  push(source.store.repository('atlanhq/app'), IMAGE, '1');
  marketplace.announce([{ image: `${source.host}/atlanhq/app:1`, app_name: 'app' }]);
  return {
    marketplace,
    source,
    target,
    sent,
    run: () => runScene({ marketplace, source, target }),
  };
}

async function runScene({
  marketplace,
  source,
  target,
}: Pick<Scene, 'marketplace' | 'source' | 'target'>): ReturnType<Scene['run']> {
  const log: LogRecord[] = [];
  const logger = createLogger((record) => log.push(record));
  const settings = { plainHttp: true } as const;
  const registries = createRegistries({
    hosts: {
      [source.host]: { ...settings, username: 'reader', password: new Secret(SECRETS.source) },
      [target.host]: { ...settings, username: 'writer', password: new Secret(SECRETS.target) },
    },
    env: {},
    logger,
    clock: { now: () => Date.now(), sleep: () => Promise.resolve(), random: () => 0 },
  });
  const shown: unknown[] = [log];
  let codes: readonly unknown[];
  try {
    const { report, errors } = await run(
      {
        releases: createMarketplaceSource({
          url: marketplace.url,
          token: new Secret(SECRETS.token),
          env: {},
          logger,
          limits: { retries: 0 },
        }),
        source: registries.source,
        target: registries.target,
        verifier: new FakeSignatureVerifier().accept(IMAGE.digest),
        copier: createRegistryCopier({ ...registries, signatures: true, logger }),
        store: new MemoryMapStore(),
        logger,
        now: () => Date.now(),
      },
      {
        sourceRegistry: source.host,
        isAllowedSource: () => true,
        naming: targetNaming({ image: `${target.host}/mirrored/{name}:{tag}`, overrides: [] }),
        existingTarget: 'refuse',
        existingEntry: 'keep',
        entries: 'tag',
        until: 'publish',
        verify: { mode: 'enforce', graceSeconds: 0 },
        concurrency: 2,
        publishIntervalMs: 0,
      },
      { onEvent: (event) => shown.push(event) },
    );
    shown.push(report, JSON.stringify(report), ...errors);
    codes = report.images.map(({ error }) => error?.code);
  } catch (error) {
    shown.push(error);
    codes = [Object(error).code];
  } finally {
    registries.close();
  }
  // Errors with all they carry: somebody may print them with their causes.
  const seen = shown.map((each) =>
    inspect(each, { depth: 12, showHidden: true, maxStringLength: Infinity }),
  );
  return { seen: seen.join('\n'), codes };
}

function assertNoSecret(text: string): void {
  for (const [name, secret] of Object.entries(SECRETS)) {
    const shapes = [secret, ...['reader', 'writer', ''].map((user) => basic(user, secret))];
    for (const shape of shapes) {
      const at = text.indexOf(shape);
      assert.equal(at, -1, `${name} is seen: …${text.slice(Math.max(at - 200, 0), at + 60)}…`);
    }
  }
}

function basic(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`).toString('base64').replace(/=+$/, '');
}

/** A server that repeats what it was sent, as debugging proxies do. */
function echo(status: number, { headers }: RegistryRequest): Answer {
  const authorization = headers.authorization ?? '';
  const decoded = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  return errorAnswer(status, 'DENIED', `you sent ${authorization}, which is ${decoded}`);
}

describe('promise 7: secrets stay put', () => {
  test('when all goes well; and each goes to its own host alone', async (t) => {
    const scene = await startScene(t);
    const { seen, codes } = await scene.run();
    assert.deepEqual(codes, [undefined]);
    assertNoSecret(seen);
    const headers = [...(scene.sent.get('source') ?? [])].join('\n');
    assert.ok(headers.includes(basic('reader', SECRETS.source)));
    assert.ok(
      !headers.includes(basic('writer', SECRETS.target)) && !headers.includes(SECRETS.token),
    );
    const atTarget = [...(scene.sent.get('target') ?? [])];
    assert.ok(
      atTarget.every((header) =>
        ['', `Basic ${basic('writer', SECRETS.target)}`].includes(header.replace(/=+$/, '')),
      ),
    );
  });

  for (const [name, reply] of Object.entries({
    'with 401': { status: 401, body: { detail: `bad token ${SECRETS.token}` } },
    'in an envelope with 200': {
      body: { error: { code: 400, message: `token ${SECRETS.token} is not valid` } },
    },
    'in a text': { status: 500, body: `Authorization: Bearer ${SECRETS.token}` },
    'in a redirect': { status: 302, headers: { location: `http://127.0.0.2/?t=${SECRETS.token}` } },
  })) {
    test(`when the marketplace repeats the token ${name}`, async (t) => {
      const scene = await startScene(t);
      scene.marketplace.script(reply);
      const { seen, codes } = await scene.run();
      assert.deepEqual(codes, ['RELEASES_UNAVAILABLE']);
      assertNoSecret(seen);
    });
  }

  for (const status of [400, 401, 403, 404, 500]) {
    test(`when a registry repeats what it was sent, with ${status}`, async (t) => {
      for (const side of ['atSource', 'atTarget'] as const) {
        const scene = await startScene(t, {
          [side]: (request: RegistryRequest) =>
            request.method !== 'HEAD' && request.headers.authorization !== undefined
              ? echo(status, request)
              : undefined,
        });
        const { seen, codes } = await scene.run();
        assert.notEqual(codes[0], undefined, `${side} fails`);
        assertNoSecret(seen);
      }
    });
  }

  test('when a token service repeats what it was sent instead of a token', async (t) => {
    const scene = await startScene(t, {
      atSource: (request) => (request.path === '/token' ? echo(200, request) : undefined),
    });
    const { seen, codes } = await scene.run();
    assert.deepEqual(codes, ['REGISTRY_REFUSED']);
    assertNoSecret(seen);
  });

  for (const status of [403, 500]) {
    test(`when a signed address of a blob fails with ${status}`, async (t) => {
      const storage = await startRegistry({
        intercept: ({ query }) => ({ status, body: `Signature ${query.get('sig')} is wrong` }),
      });
      t.after(() => storage.close());
      const scene = await startScene(t, {
        atSource: ({ path }) =>
          path.includes('/blobs/')
            ? { status: 307, headers: { location: `${storage.url}/x?sig=${SECRETS.signedUrl}` } }
            : undefined,
      });
      const { seen, codes } = await scene.run();
      assert.notEqual(codes[0], undefined);
      assertNoSecret(seen);
    });
  }
});
