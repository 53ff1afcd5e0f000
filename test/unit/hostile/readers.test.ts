/** What earlier processes, engines and services left or say: anything may stand there. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EngineError } from '../../../src/errors.ts';
import { createLogger, silentLogger } from '../../../src/log.ts';
import { openOutbox } from '../../../src/orchestrator/callback/outbox.ts';
import { dockerDialect } from '../../../src/orchestrator/engine/docker-dialect.ts';
import { parseContainer, parseImage } from '../../../src/orchestrator/engine/inspect-json.ts';
import { podmanDialect } from '../../../src/orchestrator/engine/podman-dialect.ts';
import { readContainer, readImage } from '../../../src/orchestrator/engine/read-container.ts';
import { tokenLifetime } from '../../../src/orchestrator/temporal/token-lifetime.ts';
import { rateLimitReason, usedUpQuota } from '../../../src/registry/http/rate-limit.ts';
import { fileUploadJournal } from '../../../src/registry/upload-journal.ts';
import { readEarlierRun, recordFile, metricsFile } from '../../../src/reports/earlier-run.ts';
import { parseEarlierMetrics, renderMetrics } from '../../../src/reports/metrics.ts';
import { renderPage } from '../../../src/reports/page/page.ts';
import { eventfulRecord } from '../../support/run-record.ts';

/** A folder for the time of some work. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'readers-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The value with another one somewhere in it. */
function changed(value: unknown): fc.Arbitrary<string> {
  const text = JSON.stringify(value);
  return fc.tuple(fc.nat(), fc.jsonValue({ maxDepth: 2 })).map(([at, by]) => {
    let seen = 0;
    const nodes = text.split(/[:,]/).length;
    const edited: unknown = JSON.parse(text, (_, node: unknown) =>
      (seen += 1) === at % nodes ? by : node,
    );
    return JSON.stringify(edited);
  });
}

test('any note of an unfinished upload is a URL or nothing', async () => {
  const note = fc
    .record({
      session: fc.oneof(fc.webUrl(), fc.jsonValue()),
      notedAt: fc.oneof(fc.constant(0), fc.jsonValue()),
    })
    .map((value) => JSON.stringify(value));
  await inFolder(async (folder) => {
    const journal = fileUploadJournal(folder, { logger: silentLogger, now: () => 0 });
    const file = join(folder, `${createHash('sha256').update('it').digest('hex')}.json`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(note, fc.json(), fc.string()), async (text) => {
        await writeFile(file, text);
        const session = await journal.take('it');
        assert.ok(session === undefined || session instanceof URL);
        assert.equal(await journal.take('it'), undefined, 'it is taken once');
      }),
      { numRuns: 20 },
    );
  });
});

test('any report or metrics of an earlier run is understood or as good as none', async () => {
  const record = eventfulRecord();
  await inFolder(async (folder) => {
    const [json, prom] = [join(folder, 'report.json'), join(folder, 'mirror.prom')];
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(changed(record), fc.json(), fc.string()),
        fc.string(),
        async (text, numbers) => {
          const warnings: string[] = [];
          const logger = createLogger(({ message }) => warnings.push(message));
          await writeFile(json, text);
          await writeFile(prom, `${renderMetrics(record)}${numbers}`);
          const { location } = record.map;
          const places = [recordFile(json, location), metricsFile(prom, location)];
          const earlier = await readEarlierRun(places, logger);
          assert.ok(earlier !== undefined, 'the metrics have it where the report does not');
          assert.ok(warnings.length <= 1);
          // What was read is shown on the next page.
          renderPage({ ...record, ...earlier });
        },
      ),
      { numRuns: 12 },
    );
  });
});

test('metrics of any map are read back, and only as those of that map', () => {
  const location = fc.string({
    unit: fc.constantFrom('"', '\\', '\n', '\r', '{', '}', ',', '=', ' ', 'a', '#'),
  });
  const { lastSuccessAt, failingSince } = eventfulRecord();
  fc.assert(
    fc.property(location, location, (own, other) => {
      const record = {
        ...eventfulRecord(),
        map: { location: own, changed: false },
        version: other,
      };
      const text = renderMetrics(record);
      const series = String.raw`sdr_mirror_\w+\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)+\} [-+.\de]+`;
      for (const line of text.split('\n').slice(0, -1)) {
        assert.match(line, new RegExp(`^(?:# (?:HELP|TYPE) .*|${series})$`, 's'));
      }
      const earlier = parseEarlierMetrics(text, own);
      assert.deepEqual(
        [earlier?.lastSuccessAt, earlier?.failingSince],
        [lastSuccessAt, failingSince],
      );
      if (own !== other) assert.equal(parseEarlierMetrics(text, other), undefined);
    }),
    { numRuns: 50 },
  );
});

test('any file in an outbox is an event or set aside, and holds up no other', async () => {
  const event = {
    id: 'i',
    type: 'deployment.changed',
    at: '2026-01-01T00:00:00Z',
    deployment: 'prod',
    app: 'teradata',
    commandId: 'c',
  };
  await fc.assert(
    fc.asyncProperty(fc.oneof(changed(event), fc.json(), fc.string()), async (text) => {
      await inFolder(async (folder) => {
        const name = `${'0'.repeat(15)}-000001-${'a'.repeat(32)}.json`;
        await writeFile(join(folder, name), text);
        const outbox = await openOutbox({ folder });
        const before = await outbox.entries();
        assert.deepEqual(await outbox.entries(), before);
        for (const entry of before) await outbox.remove(entry);
        assert.deepEqual(await outbox.entries(), []);
      });
    }),
    { numRuns: 20 },
  );
});

function answer(body: string) {
  return { status: 200, headers: {}, body };
}

test('any answer of an engine describes a container and an image, or is refused', () => {
  const container = {
    Id: 'a'.repeat(64),
    Name: '/app',
    Created: '2026-01-01T00:00:00Z',
    Image: `sha256:${'b'.repeat(64)}`,
    RestartCount: 0,
    State: { Status: 'running', Running: true, StartedAt: '2026-01-01T00:00:00Z', ExitCode: 0 },
    Config: { Labels: { a: 'b' }, Env: ['A=1'], Image: 'x', Tty: false },
    HostConfig: { RestartPolicy: { Name: 'always' }, NetworkMode: 'bridge', PortBindings: {} },
    NetworkSettings: { Networks: { bridge: { IPAddress: '172.17.0.2', Aliases: null } } },
    Mounts: [{ Type: 'bind', Source: '/a', Destination: '/b', RW: true }],
  };
  const image = { Id: 'c', RepoDigests: ['x@y'], Architecture: 'amd64', Size: 1, Config: {} };
  assert.equal(
    readContainer(parseContainer(answer(JSON.stringify(container))), dockerDialect('1.41')).name,
    'app',
  );
  fc.assert(
    fc.property(
      fc.oneof(changed(container), fc.json(), fc.string()),
      changed(image),
      (text, other) => {
        for (const dialect of [dockerDialect('1.41'), podmanDialect]) {
          try {
            readContainer(parseContainer(answer(text)), dialect);
          } catch (error) {
            assert.ok(error instanceof EngineError, error instanceof Error ? error.stack : 'none');
          }
        }
        try {
          readImage(parseImage(answer(other)));
        } catch (error) {
          assert.ok(error instanceof EngineError, error instanceof Error ? error.stack : 'none');
        }
      },
    ),
  );
});

test('any token has a time to be renewed at', () => {
  const claims = fc.record({ exp: fc.jsonValue(), iat: fc.jsonValue() }, { requiredKeys: [] });
  const number = fc.oneof(fc.double(), fc.integer(), fc.jsonValue());
  const jwt = fc
    .oneof(claims, fc.record({ exp: number, iat: number }))
    .map((value) => `a.${Buffer.from(JSON.stringify(value)).toString('base64url')}.c`);
  fc.assert(
    fc.property(fc.oneof(jwt, fc.string()), number, (token, expiresIn) => {
      const { expiresAt, refreshAt } = tokenLifetime(token, expiresIn, 1000);
      assert.ok(expiresAt >= 1000);
      assert.ok(refreshAt >= 31_000 && refreshAt <= 301_000, String(refreshAt));
    }),
  );
});

test('any header about limits is a wait that ends, or nothing', () => {
  const part = fc.constantFrom(...'0 1 ; , w=21600 -1 1e9 NaN 9999999999999999'.split(' '), ' ');
  const header = fc.oneof(
    fc.string(),
    fc.array(part).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(
      header,
      header,
      fc.uint8Array(),
      fc.integer({ min: 100, max: 599 }),
      (left, reset, body, status) => {
        const headers = { 'ratelimit-remaining': left, 'ratelimit-reset': reset };
        const wait = usedUpQuota(headers, 1000)?.resetMs ?? 0;
        assert.ok(wait >= 0 && Number.isFinite(wait));
        assert.ok(['string', 'undefined'].includes(typeof rateLimitReason(status, body)));
      },
    ),
  );
});
