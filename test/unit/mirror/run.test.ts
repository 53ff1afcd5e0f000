import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MapStoreError, RegistryError, ReleaseSourceError } from '../../../src/errors.ts';
import { targetNaming } from '../../../src/mirror/naming.ts';
import type { ImageReport } from '../../../src/mirror/report.ts';
import type { RunSettings } from '../../../src/mirror/run.ts';
import { imageOf, NOW, reportOn, TARGET, World } from './world.ts';

const OURS = `${TARGET}/a:1`;
const THEIRS = 'registry.example/golden/a:7';

/** One image, `atlanhq/a:1`, and what a run makes of it. `vendor` and `other` are two digests. */
interface Case {
  readonly source?: 'vendor';
  readonly signed?: boolean;
  readonly target?: 'vendor' | 'other';
  readonly map?: string;
  readonly settings?: Partial<RunSettings>;
  readonly outcome: ImageReport['outcome'];
  readonly code?: string;
  readonly exit: number;
  /** What the target serves under the tag afterwards. */
  readonly served?: 'vendor' | 'other';
  /** Where the map leads afterwards. */
  readonly mapped?: string;
}

const warn = { verify: { mode: 'warn', graceSeconds: 0 } } as const;
const off = { verify: { mode: 'off', graceSeconds: 0 } } as const;

const CASES: Readonly<Record<string, Case>> = {
  'a new signed image is copied and named': {
    source: 'vendor',
    signed: true,
    outcome: 'mirrored',
    exit: 0,
    served: 'vendor',
    mapped: OURS,
  },
  'one that is there and not named is only named': {
    source: 'vendor',
    signed: true,
    target: 'vendor',
    outcome: 'recorded',
    exit: 0,
    served: 'vendor',
    mapped: OURS,
  },
  'one that is there and named is left alone': {
    source: 'vendor',
    signed: true,
    target: 'vendor',
    map: OURS,
    outcome: 'unchanged',
    exit: 0,
    served: 'vendor',
    mapped: OURS,
  },
  'one that is named and was lost is copied again': {
    source: 'vendor',
    signed: true,
    map: OURS,
    outcome: 'mirrored',
    exit: 0,
    served: 'vendor',
    mapped: OURS,
  },
  'without a signature nothing is copied and nothing named': {
    source: 'vendor',
    outcome: 'failed',
    code: 'SIGNATURE_MISSING',
    exit: 4,
  },
  'equal bytes at the target are not a signature': {
    source: 'vendor',
    target: 'vendor',
    outcome: 'failed',
    code: 'SIGNATURE_MISSING',
    exit: 4,
    served: 'vendor',
  },
  'verify.mode warn: without a signature it is mirrored, and the report says so': {
    source: 'vendor',
    settings: warn,
    outcome: 'mirrored',
    exit: 0,
    served: 'vendor',
    mapped: OURS,
  },
  'verify.mode off: the same, unasked': {
    source: 'vendor',
    settings: off,
    outcome: 'mirrored',
    exit: 0,
    served: 'vendor',
    mapped: OURS,
  },
  'another digest under the tag is not touched': {
    source: 'vendor',
    signed: true,
    target: 'other',
    outcome: 'failed',
    code: 'TARGET_CONFLICT',
    exit: 3,
    served: 'other',
  },
  'target.existing overwrite: it is replaced': {
    source: 'vendor',
    signed: true,
    target: 'other',
    map: OURS,
    settings: { existingTarget: 'overwrite' },
    outcome: 'mirrored',
    exit: 0,
    served: 'vendor',
    mapped: OURS,
  },
  'target.existing overwrite: not by an unsigned image': {
    source: 'vendor',
    target: 'other',
    map: OURS,
    settings: { existingTarget: 'overwrite' },
    outcome: 'failed',
    code: 'SIGNATURE_MISSING',
    exit: 4,
    served: 'other',
    mapped: OURS,
  },
  'announced, but not at the source yet': {
    outcome: 'failed',
    code: 'REGISTRY_NOT_FOUND',
    exit: 3,
  },
  'withdrawn by the vendor after it was mirrored: it stays usable': {
    target: 'vendor',
    map: OURS,
    outcome: 'unchanged',
    exit: 0,
    served: 'vendor',
    mapped: OURS,
  },
  'a person sends it elsewhere, to nothing': {
    source: 'vendor',
    signed: true,
    map: THEIRS,
    outcome: 'failed',
    code: 'REGISTRY_NOT_FOUND',
    exit: 3,
    mapped: THEIRS,
  },
  'a person sends it to a repository without a tag': {
    source: 'vendor',
    signed: true,
    map: 'registry.example/golden/a',
    outcome: 'failed',
    code: 'MAP_INVALID',
    exit: 6,
    mapped: 'registry.example/golden/a',
  },
  'map.existing replace: that entry is taken over': {
    source: 'vendor',
    signed: true,
    map: 'registry.example/golden/a',
    settings: { existingEntry: 'replace' },
    outcome: 'mirrored',
    exit: 0,
    served: 'vendor',
    mapped: OURS,
  },
  'map.existing replace: not by an unsigned image': {
    source: 'vendor',
    map: THEIRS,
    settings: { existingEntry: 'replace' },
    outcome: 'failed',
    code: 'SIGNATURE_MISSING',
    exit: 4,
    mapped: THEIRS,
  },
  'plan: tells what would be done, asks for no signature, changes nothing': {
    source: 'vendor',
    settings: { until: 'plan' },
    outcome: 'planned',
    exit: 0,
  },
  'dry run: verifies, changes nothing': {
    source: 'vendor',
    signed: true,
    settings: { until: 'verify' },
    outcome: 'planned',
    exit: 0,
  },
  'dry run: finds what is not signed': {
    source: 'vendor',
    settings: { until: 'verify' },
    outcome: 'failed',
    code: 'SIGNATURE_MISSING',
    exit: 4,
  },
  'map.entries repository: one entry for all tags': {
    source: 'vendor',
    signed: true,
    settings: { entries: 'repository' },
    outcome: 'mirrored',
    exit: 0,
    served: 'vendor',
    mapped: OURS,
  },
};

/** A world as a case has it. */
function worldOf({ source, signed, target, map }: Case): World {
  const world = new World(map === undefined ? undefined : `images:\n  "atlanhq/a:1": "${map}"\n`);
  const image = imageOf('a:1');
  world.announce('a:1');
  if (source !== undefined) world.atSource('a:1', image);
  if (signed) world.verifier.accept(image.digest);
  if (target === 'vendor') world.atTarget('a:1', image);
  if (target === 'other') world.atTarget('a:1', imageOf('somebody else'));
  return world;
}

describe('run', () => {
  for (const [name, expected] of Object.entries(CASES)) {
    test(name, async () => {
      const world = worldOf(expected);
      const result = await world.run(expected.settings);
      const report = reportOn(result, 'a:1');

      assert.deepEqual(
        {
          outcome: report.outcome,
          code: report.error?.code,
          exit: result.exitCode,
          served: servedAs(world),
          mapped: world.mapped('a:1'),
        },
        {
          outcome: expected.outcome,
          code: expected.code,
          exit: expected.exit,
          served: expected.served,
          mapped: expected.mapped,
        },
        report.reason,
      );
      assert.equal(result.report.totals[expected.outcome], 1);
      assert.equal(result.report.map.changed, world.store.writes > 0);
      if (result.report.until !== 'publish') assertUntouched(world);
    });
  }

  test('the report holds what is needed to understand an image, and serialises as it is', async () => {
    const world = new World();
    const [image] = world.publishAtVendor('a:1');
    world.releases.announce(
      [{ image: 'atlanhq/a:1', appName: 'a', version: '1' }],
      ['entry 2: it names no image'],
    );
    const { report } = await world.run();

    assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
    assert.deepEqual(
      { ...report, images: [], map: {} },
      {
        startedAt: new Date(NOW).toISOString(),
        durationMs: 0,
        until: 'publish',
        interrupted: false,
        verify: 'enforce',
        releases: { location: 'fake releases', skipped: ['entry 2: it names no image'] },
        images: [],
        totals: {
          mirrored: 1,
          recorded: 0,
          unchanged: 0,
          planned: 0,
          pending: 0,
          failed: 0,
          interrupted: 0,
          bytes: [...(image?.blobs.values() ?? [])].reduce((sum, blob) => sum + blob.length, 0),
          requests: 0,
        },
        map: {},
      },
    );
    const { verification, copy, ...rest } = reportOn({ report, errors: [] }, 'a:1');
    assert.deepEqual(rest, {
      image: 'atlanhq/a:1',
      app: 'a',
      version: '1',
      source: 'docker.io/atlanhq/a:1',
      target: OURS,
      digest: image?.digest,
      action: 'copy',
      outcome: 'mirrored',
      reason: 'not at the target yet',
      requests: 0,
      durationMs: 0,
    });
    assert.equal(verification?.digest, image?.digest);
    assert.equal(copy?.blobs.uploaded, 2);
    assert.deepEqual(report.map, {
      location: 'memory:map',
      changed: true,
      revision: (await world.store.read())?.revision,
    });
  });

  for (const [mode, words] of [
    ['warn', /is not signed/],
    ['off', /switched off/],
  ] as const) {
    test(`verify.mode ${mode} stands in the report of the run and of every image`, async () => {
      const world = worldOf({ source: 'vendor', outcome: 'mirrored', exit: 0 });
      const result = await world.run({ verify: { mode, graceSeconds: 0 } });
      assert.equal(result.report.verify, mode);
      assert.match(reportOn(result, 'a:1').unverified ?? '', words);
      assert.equal(world.verifier.asked.length, mode === 'off' ? 0 : 1);
    });
  }

  test('tells a display what goes on, in order', async () => {
    const world = new World();
    world.publishAtVendor('a:1');
    const { events, report } = await world.run();
    assert.deepEqual(
      events.filter(({ type }) => type !== 'progress'),
      [
        { type: 'started', images: 1 },
        { type: 'step', image: 'atlanhq/a:1', step: 'discover' },
        { type: 'step', image: 'atlanhq/a:1', step: 'verify' },
        { type: 'step', image: 'atlanhq/a:1', step: 'copy' },
        { type: 'finished', report: report.images[0] },
      ],
    );
    const last = events.findLast(({ type }) => type === 'progress');
    assert.ok(last?.type === 'progress' && last.progress.doneBytes > 0);
    assert.equal(last.progress.doneBytes, last.progress.totalBytes);
  });

  test('a display that throws costs no image, and is told of in the log', async () => {
    const world = new World();
    world.publishAtVendor('a:1', 'b:1');
    const { exitCode, report } = await world.run(
      {},
      {
        onEvent: () => {
          throw new Error('the terminal is gone');
        },
      },
    );
    assert.equal(exitCode, 0);
    assert.equal(report.totals.mirrored, 2);
    assert.ok(world.log.some(({ message }) => message.includes('the terminal is gone')));
  });

  test('no more images are in flight than allowed', async () => {
    const world = new World();
    world.publishAtVendor('a:1', 'b:1', 'c:1', 'd:1', 'e:1');
    let inFlight = 0;
    let most = 0;
    await world.run(
      { concurrency: 2 },
      {
        onEvent: (event) => {
          if (event.type === 'step' && event.step === 'discover') inFlight += 1;
          if (event.type === 'finished') inFlight -= 1;
          most = Math.max(most, inFlight);
        },
      },
    );
    assert.equal(most, 2);
  });

  test('images that would share a tag are refused, and the others mirrored', async () => {
    const world = new World();
    world.publishAtVendor('a:1', 'b:1', 'c:1');
    const { report, exitCode } = await world.run({
      naming: (release, source) =>
        targetNaming({
          image: source.repository.endsWith('c') ? `${TARGET}/c:{tag}` : `${TARGET}/same:{tag}`,
          overrides: [],
        })(release, source),
    });
    assert.equal(exitCode, 2);
    assert.deepEqual(
      report.images.map(({ outcome }) => outcome),
      ['failed', 'failed', 'mirrored'],
    );
    assert.equal(world.mapped('c:1'), `${TARGET}/c:1`);
  });

  test('a list of releases that cannot be had ends the run, with nothing done', async () => {
    const world = new World();
    world.publishAtVendor('a:1');
    world.releases.fail();
    await assert.rejects(world.run(), ReleaseSourceError);
    assertUntouched(world);
  });

  test('no releases is no reason to do anything', async () => {
    const world = new World();
    const { exitCode, report } = await world.run();
    assert.deepEqual([exitCode, report.images, report.map.changed], [0, [], false]);
    assert.equal(world.store.text, undefined);
  });

  for (const text of ['images: [', '# fine\nimages:\n  "a b": "c"\n']) {
    test(`an invalid map ends the run before anything is asked of a registry: ${text.slice(0, 9)}`, async () => {
      const world = new World(text);
      world.publishAtVendor('a:1');
      await assert.rejects(
        world.run(),
        (error) => error instanceof MapStoreError && error.code === 'MAP_INVALID',
      );
      assertUntouched(world);
      assert.equal(world.store.text, text);
    });
  }

  test('when neither releases nor map can be had, it is always the graver that is told', async () => {
    const world = new World();
    world.releases.fail();
    world.releases.before = () => new Promise((resolve) => setImmediate(resolve));
    world.store.readFaults.push(new MapStoreError('MAP_UNAVAILABLE', 'gone'));
    await assert.rejects(world.run(), ReleaseSourceError);
  });

  test('a map that cannot be written is reported beside what was mirrored; the next run records', async () => {
    const world = new World();
    world.publishAtVendor('a:1');
    world.store.faults.push('forbidden', 'forbidden', 'forbidden');
    const first = await world.run();
    assert.equal(first.exitCode, 6);
    assert.equal(first.report.totals.mirrored, 1);
    assert.deepEqual(
      [first.report.map.changed, first.report.map.error?.code],
      [false, 'MAP_UNAVAILABLE'],
    );
    world.store.faults.length = 0;
    const second = await world.run();
    assert.deepEqual([second.exitCode, second.report.totals.recorded], [0, 1]);
    assert.equal(world.mapped('a:1'), OURS);
  });

  test('a map that was written once and then no more is reported as changed', async () => {
    const world = new World();
    world.publishAtVendor('a:1', 'b:1');
    world.store.after = () => {
      world.store.faults.push('forbidden', 'forbidden');
    };
    const { report } = await world.run({ concurrency: 1 });
    assert.equal(report.map.changed, true);
    assert.equal(report.map.revision, (await world.store.read())?.revision);
    assert.equal(report.map.error?.code, 'MAP_UNAVAILABLE');
  });

  test('an unexpected error is told as a bug of one image', async () => {
    const world = new World();
    const [image] = world.publishAtVendor('a:1', 'b:1');
    assert.ok(image);
    world.verifier.refuse(image.digest, new TypeError('x is not a function'));
    const result = await world.run();
    assert.equal(result.exitCode, 1);
    assert.deepEqual(reportOn(result, 'a:1').error, {
      code: 'UNEXPECTED',
      message: 'x is not a function',
      retryable: true,
    });
    assert.equal(reportOn(result, 'b:1').outcome, 'mirrored');
  });

  test('a copier that reports another error than an Error is reported all the same', async () => {
    const world = new World();
    world.publishAtVendor('a:1');
    world.copier = {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- that is the case
      copy: () => Promise.reject('a bare text'),
    };
    const result = await world.run();
    assert.equal(reportOn(result, 'a:1').error?.message, 'a bare text');
    assert.equal(result.exitCode, 1);
  });

  test('a young image without a signature is pending, and fails nothing', async () => {
    const world = new World();
    const image = imageOf('a:1', new Date(NOW - 600_000).toISOString());
    world.announce('a:1').atSource('a:1', image);
    const result = await world.run();
    assert.equal(result.exitCode, 0);
    assert.equal(reportOn(result, 'a:1').outcome, 'pending');
    assert.match(reportOn(result, 'a:1').reason, /10 minutes ago/);
    assert.equal(world.served('a:1'), undefined);
    assert.equal(world.mapped('a:1'), undefined);
  });

  test('an entry of the map for a whole repository says nothing about one tag', async () => {
    const world = new World(`images:\n  "atlanhq/a": "${TARGET}/a"\n`);
    world.publishAtVendor('a:1', 'a:2');
    world.atTarget('a:1', imageOf('a:1'));
    const result = await world.run({ entries: 'repository' });
    assert.equal(reportOn(result, 'a:1').outcome, 'unchanged');
    assert.equal(reportOn(result, 'a:2').outcome, 'mirrored');
    assert.equal(world.store.writes, 0, 'the entry covers both');
  });

  test('a copy that fails at the target leaves no entry', async () => {
    const world = new World();
    world.publishAtVendor('a:1');
    world.before = (operation) => {
      if (operation.startsWith('target.putManifest')) {
        throw new RegistryError('REGISTRY_UNAUTHORIZED', 'denied', { side: 'target' });
      }
    };
    const result = await world.run();
    assert.equal(result.exitCode, 3);
    assert.equal(world.mapped('a:1'), undefined);
  });
});

function servedAs(world: World): 'vendor' | 'other' | undefined {
  const digest = world.served('a:1');
  if (digest === undefined) return undefined;
  return digest === imageOf('a:1').digest ? 'vendor' : 'other';
}

function assertUntouched(world: World): void {
  const writes = world.operations.filter((operation) => /\.(?:put|write)/.test(operation));
  assert.deepEqual(writes, []);
}
