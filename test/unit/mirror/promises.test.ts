import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ConfigError,
  MapStoreError,
  RegistryError,
  SignatureError,
  type SignatureErrorCode,
} from '../../../src/errors.ts';
import type { RunSettings } from '../../../src/mirror/run.ts';
import { formatReference } from '../../../src/registry/reference.ts';
import { imageOf, reportOn, SOURCE, TARGET, World } from './world.ts';

/** Runs `then` when the copier has finished with an image for the first time, before it says so. */
function afterCopy(world: World, tag: string, then: () => void): void {
  const { copier } = world;
  world.copier = {
    async copy(source, target, options) {
      const result = await copier.copy(source, target, options);
      if (formatReference(target) === `${TARGET}/${tag}`) {
        world.copier = copier;
        then();
      }
      return result;
    },
  };
}

describe('promise 1: the map never lies', () => {
  const losses = {
    'loses the tag': { code: 'REGISTRY_NOT_FOUND', lose: (world: World) => world.lose('a:1') },
    'serves another digest': {
      code: 'DIGEST_MISMATCH',
      lose: (world: World) => world.atTarget('a:1', imageOf('somebody else')),
    },
  } as const;

  for (const [what, { code, lose }] of Object.entries(losses)) {
    for (const publishIntervalMs of [0, 60_000]) {
      test(`a target that ${what} between copy and publishing: no entry, whether written at once or at the end (${publishIntervalMs})`, async () => {
        const world = new World('# the map\n');
        world.publishAtVendor('a:1', 'b:1');
        afterCopy(world, 'a:1', () => lose(world));
        const result = await world.run({ publishIntervalMs });
        assert.equal(world.mapped('a:1'), undefined);
        assert.equal(world.mapped('b:1'), `${TARGET}/b:1`);
        assert.equal(reportOn(result, 'a:1').outcome, 'failed');
        assert.equal(reportOn(result, 'a:1').error?.code, code);
        assert.equal(result.report.totals.failed, 1);
        assert.equal(result.exitCode, 3);
        const told = result.events.findLast(({ type }) => type === 'finished');
        assert.ok(told?.type === 'finished' && told.report.outcome === 'failed');
      });
    }

    test(`a target that ${what} while others write the map: no entry`, async () => {
      const world = new World('# the map\n');
      world.publishAtVendor('a:1', 'b:1');
      world.store.onWrite = () => {
        world.store.onWrite = () => undefined;
        lose(world);
        world.store.editByHand('# edited\n');
      };
      const result = await world.run({ publishIntervalMs: 60_000, concurrency: 1 });
      assert.equal(world.mapped('a:1'), undefined);
      assert.equal(world.mapped('b:1'), `${TARGET}/b:1`);
      assert.equal(reportOn(result, 'a:1').error?.code, code);
    });
  }

  test('a copier that says it copied what it did not: no entry', async () => {
    const world = new World();
    const [image] = world.publishAtVendor('a:1');
    assert.ok(image);
    const { digest } = image;
    const blobs = { uploaded: 2, mounted: 0, present: 0 };
    world.copier = {
      copy: () =>
        Promise.resolve({ digest, manifests: 1, blobs, bytes: 1, platforms: [], attachments: 0 }),
    };
    const result = await world.run();
    assert.equal(result.exitCode, 3);
    assert.equal(world.store.text, undefined);
  });

  test('a target that cannot be asked for a moment: the entry comes with the next write', async () => {
    const world = new World();
    world.publishAtVendor('a:1');
    let failures = 0;
    afterCopy(world, 'a:1', () => {
      world.before = (operation) => {
        if (operation !== `target.head ${TARGET}/a:1` || failures > 0) return;
        failures += 1;
        throw new RegistryError('REGISTRY_UNAVAILABLE', '503', { side: 'target' });
      };
    });
    const { exitCode } = await world.run();
    assert.deepEqual([failures, exitCode], [1, 0]);
    assert.equal(world.mapped('a:1'), `${TARGET}/a:1`);
  });

  test('a target that can no more be asked: no entry, and the next run records it', async () => {
    const world = new World();
    world.publishAtVendor('a:1');
    afterCopy(world, 'a:1', () => {
      world.before = (operation) => {
        if (!operation.startsWith('target')) return;
        throw new RegistryError('REGISTRY_UNAVAILABLE', '503', { side: 'target' });
      };
    });
    const first = await world.run();
    assert.deepEqual([first.exitCode, world.store.text], [3, undefined]);
    world.before = () => undefined;
    assert.equal((await world.run()).report.totals.recorded, 1);
    world.assertMapIsTrue('a:1');
  });

  test('the map is true after every single write of a run in which much goes wrong', async () => {
    const world = new World(`images:\n  "atlanhq/gone:1": "${TARGET}/gone:1"\n`);
    const names = ['a:1', 'b:1', 'c:1', 'd:1', 'unsigned:1', 'e:1', 'broken:1', 'f:1'];
    world.publishAtVendor(...names);
    world.verifier.refuse(imageOf('unsigned:1').digest, missing());
    world.before = (operation) => {
      if (operation.startsWith('target.putManifest') && operation.includes('broken')) {
        throw new RegistryError('REGISTRY_UNAVAILABLE', '500', { side: 'target' });
      }
    };
    afterCopy(world, 'd:1', () => world.lose('d:1'));
    let writes = 0;
    world.after = (operation) => {
      if (operation !== 'store.write') return;
      writes += 1;
      world.assertMapIsTrue(...names);
    };
    const { report } = await world.run({ concurrency: 2 });
    assert.ok(writes > 1);
    assert.equal(report.totals.mirrored, 5);
    for (const name of ['unsigned:1', 'broken:1', 'd:1']) {
      assert.equal(world.mapped(name), undefined, name);
    }
  });
});

describe('promise 2: what was verified is what is copied', () => {
  const moments = {
    'discovery and verification': (operation: string) => operation.startsWith('verify'),
    'verification and copy': (operation: string) => /^source\.getManifest .*@/.test(operation),
    'the first and the last byte': (operation: string) => operation.startsWith('source.openBlob'),
    'copy and publishing': (operation: string) => operation === 'store.write',
  };
  for (const [moment, isThen] of Object.entries(moments)) {
    test(`the tag moves between ${moment}: the digest that was verified is copied`, async () => {
      const world = new World();
      const [verified] = world.publishAtVendor('a:1');
      const later = imageOf('moved later, and signed as well');
      world.verifier.accept(later.digest);
      let hasMoved = false;
      world.before = (operation) => {
        if (hasMoved || !isThen(operation)) return;
        hasMoved = true;
        world.atSource('a:1', later);
      };
      const { exitCode } = await world.run();
      assert.ok(hasMoved);
      assert.equal(exitCode, 0);
      assert.deepEqual(
        world.verifier.asked.map(({ digest }) => digest),
        [verified?.digest],
      );
      assert.equal(world.served('a:1'), verified?.digest);
      assert.deepEqual(
        world.operations.filter((each) => /^source\..*:1$/.test(each)),
        [`source.getManifest ${SOURCE}/a:1`],
        'the tag is resolved once',
      );

      const next = await world.run();
      assert.equal(reportOn(next, 'a:1').error?.code, 'TARGET_CONFLICT');
      assert.equal(world.served('a:1'), verified?.digest);
    });
  }
});

function missing(code: SignatureErrorCode = 'SIGNATURE_MISSING'): SignatureError {
  return new SignatureError(code, `refused with ${code}`);
}

describe('promise 3: nothing unverified becomes usable', () => {
  const codes = [
    'SIGNATURE_MISSING',
    'SIGNATURE_INVALID',
    'SIGNER_UNTRUSTED',
    'TRUST_ROOT_UNAVAILABLE',
  ] as const;
  const boldest: Partial<RunSettings> = {
    existingEntry: 'replace',
    existingTarget: 'overwrite',
    entries: 'repository',
  };
  const maps = {
    'no map': undefined,
    'an entry that is there already': `images: # theirs\n  "atlanhq/a:1": "${TARGET}/a:1"\n`,
    'an entry for the whole repository': `images:\n  "atlanhq/a": "${TARGET}/a"\n`,
  };
  for (const code of codes) {
    for (const [which, text] of Object.entries(maps)) {
      for (const settings of [{}, boldest]) {
        const bold = settings === boldest ? ', all told to overwrite' : '';
        test(`${code}, ${which}${bold}: nothing is sent to the target, the map stays as it is`, async () => {
          const world = new World(text);
          const [image] = world.publishAtVendor('a:1');
          assert.ok(image);
          world.verifier.refuse(image.digest, missing(code));
          const result = await world.run(settings);
          assert.equal(result.exitCode, 4);
          assert.equal(reportOn(result, 'a:1').error?.code, code);
          assert.deepEqual(
            world.operations.filter((operation) => /^target\.put|^store\.write/.test(operation)),
            [],
          );
          assert.equal(world.store.text, text);
        });
      }
    }
  }

  for (const error of [
    new RegistryError('REGISTRY_UNAVAILABLE', '503', { side: 'source' }),
    new TypeError('a bug in the verifier'),
  ]) {
    test(`no verdict is no acceptance, not even when only warned of: ${error.name}`, async () => {
      for (const mode of ['enforce', 'warn'] as const) {
        const world = new World();
        const [image] = world.publishAtVendor('a:1');
        assert.ok(image);
        world.verifier.refuse(image.digest, error);
        const result = await world.run({ verify: { mode, graceSeconds: 0 } });
        assert.equal(reportOn(result, 'a:1').outcome, 'failed');
        assert.deepEqual([world.served('a:1'), world.store.text], [undefined, undefined]);
      }
    });
  }

  test('of an image nothing but its manifest is read before the verdict, and nothing written', async () => {
    const world = new World();
    world.publishAtVendor('a:1');
    await world.run();
    const verdict = world.operations.findIndex((operation) => operation.startsWith('verify'));
    assert.deepEqual(
      world.operations.slice(0, verdict).filter((operation) => /manifest|blob/i.test(operation)),
      [`source.getManifest ${SOURCE}/a:1`],
    );
  });
});

/** An entry as the job writes it into the map below. */
function line(name: string): string {
  return `    "atlanhq/${name}": "${TARGET}/${name}"\n`;
}

/** The map below with entries of the job, which come after the last one. */
function withLines(text: string, ...names: readonly string[]): string {
  return text.replace(/(golden\/own:1 # approved\n)/, `$1${names.map(line).join('')}`);
}

describe("promise 4: nobody's edit is lost", () => {
  const TEXT = [
    '# Kept by hand, mostly.',
    "release: '2026.1'   # do not touch",
    'owner: {team: sdr,  on-call: "x"}',
    'images:',
    '    # golden images',
    `    'atlanhq/own:1':   registry.example/golden/own:1 # approved`,
    '',
    '# the end',
    '',
  ].join('\n');
  test('comments, order, quoting, blank lines and foreign keys stay byte for byte', async () => {
    const world = new World(TEXT);
    world.publishAtVendor('a:1', 'b:1');
    await world.run({ publishIntervalMs: 60_000, concurrency: 1 });
    // The first image is written at once, the second at the end, below it.
    assert.equal(world.store.text, withLines(TEXT, 'a:1', 'b:1'));
  });

  test('edits by hand between every read and write survive, comments and all', async () => {
    const world = new World(TEXT);
    world.publishAtVendor('a:1');
    const edits = [
      (text: string) => `# first edit\n${text}`,
      (text: string) => text.replace('# approved', '# approved twice'),
      (text: string) => text.replace("'2026.1'", "'2026.2'"),
    ];
    let byHand = TEXT;
    world.store.onWrite = () => {
      const edit = edits.shift();
      if (edit === undefined) return;
      byHand = edit(byHand);
      world.store.editByHand(byHand);
    };
    const { exitCode, report } = await world.run();
    assert.equal(exitCode, 0);
    assert.equal(world.store.text, byHand.replace(/( twice\n)/, `$1${line('a:1')}`));
    assert.equal(report.map.changed, true);
  });

  test('somebody who sends the image elsewhere in the meantime has the last word', async () => {
    const world = new World(TEXT);
    world.publishAtVendor('a:1', 'b:1');
    const byHand = `${TEXT}#\n`.replace(
      'images:\n',
      'images:\n    atlanhq/a:1: elsewhere.example/a:1\n',
    );
    world.store.onWrite = () => {
      world.store.onWrite = () => undefined;
      world.store.editByHand(byHand);
    };
    const { exitCode } = await world.run({ publishIntervalMs: 60_000, concurrency: 1 });
    assert.equal(exitCode, 0);
    assert.equal(world.mapped('a:1'), 'elsewhere.example/a:1');
    assert.equal(world.store.text, withLines(byHand, 'b:1'));
  });

  test('an entry without a tag that comes in the meantime keeps nobody else out', async () => {
    const world = new World(TEXT);
    world.publishAtVendor('a:1', 'b:1');
    const byHand = TEXT.replace('images:\n', 'images:\n    atlanhq/a:1: elsewhere.example/a\n');
    world.store.onWrite = () => {
      world.store.onWrite = () => undefined;
      world.store.editByHand(byHand);
    };
    const { exitCode } = await world.run({ publishIntervalMs: 60_000, concurrency: 1 });
    assert.equal(exitCode, 0);
    assert.equal(world.store.text, withLines(byHand, 'b:1'));
  });

  test('a map that somebody breaks in the meantime is left as they left it', async () => {
    const world = new World(TEXT);
    world.publishAtVendor('a:1');
    const broken = `${TEXT}images: [\n`;
    world.store.onWrite = () => {
      world.store.onWrite = () => undefined;
      world.store.editByHand(broken);
    };
    const { exitCode, report } = await world.run();
    assert.equal(exitCode, 6);
    assert.equal(report.map.error?.code, 'MAP_INVALID');
    assert.equal(world.store.text, broken);
  });

  test('a map that somebody takes away in the meantime is begun anew', async () => {
    const world = new World('# emptied\n');
    world.publishAtVendor('a:1');
    world.store.onWrite = () => {
      world.store.onWrite = () => undefined;
      world.store.editByHand('');
    };
    await world.run();
    world.assertMapIsTrue('a:1');
    assert.equal(world.mapped('a:1'), `${TARGET}/a:1`);
  });
});

describe('promise 6: one bad image never blocks the others', () => {
  /** What each may fail with, gravest first, and the exit code it asks for. */
  const failures = [
    [new SignatureError('SIGNATURE_INVALID', 'forged'), 4],
    [new ConfigError('no such template'), 2],
    [new MapStoreError('MAP_INVALID', 'an entry of the map'), 6],
    [new RegistryError('REGISTRY_UNAVAILABLE', '503', { side: 'source' }), 3],
    [new TypeError('a bug'), 1],
  ] as const;

  for (const [error, exit] of failures) {
    for (const step of ['discover', 'verify', 'copy'] as const) {
      test(`${error.name} on ${step} of one image: the others are published, exit ${exit}`, async () => {
        const world = new World();
        world.publishAtVendor('a:1', 'bad:1', 'b:1', 'c:1');
        const bad = imageOf('bad:1').digest;
        const operations = {
          discover: `source.getManifest ${SOURCE}/bad:1`,
          verify: `verify ${bad}`,
          copy: `source.getManifest ${SOURCE}/bad@${bad}`,
        };
        world.before = (operation) => {
          if (operation === operations[step]) throw error;
        };
        const result = await world.run({ concurrency: 1 });
        assert.equal(result.exitCode, exit);
        assert.deepEqual(
          result.report.images.map(({ outcome }) => outcome),
          ['mirrored', 'failed', 'mirrored', 'mirrored'],
        );
        for (const name of ['a:1', 'b:1', 'c:1']) {
          assert.equal(world.mapped(name), `${TARGET}/${name}`);
          assert.equal(world.served(name), imageOf(name).digest);
        }
        assert.equal(world.mapped('bad:1'), undefined);
      });
    }
  }

  test('of all failures the gravest decides the exit code', async () => {
    // Every subset of the failures, one image each, next to one that is well.
    for (let subset = 1; subset < 2 ** failures.length; subset += 1) {
      const chosen = failures.filter((_, index) => (subset & (2 ** index)) !== 0);
      const world = new World();
      const names = chosen.map((_, index) => `bad${index}:1`).toReversed();
      const images = world.publishAtVendor(...names, 'good:1');
      for (const [index, [error]] of chosen.entries()) {
        const image = images[names.indexOf(`bad${index}:1`)];
        assert.ok(image);
        world.verifier.refuse(image.digest, error);
      }
      const result = await world.run();
      assert.equal(result.exitCode, chosen[0]?.[1]);
      assert.equal(world.mapped('good:1'), `${TARGET}/good:1`);
    }
  });

  test('a map that cannot be written is graver than a registry, less grave than a forgery', async () => {
    const exits = await Promise.all(
      [failures[0], failures[3]].map(async ([error]) => {
        const world = new World();
        const [image] = world.publishAtVendor('bad:1', 'good:1');
        assert.ok(image);
        world.verifier.refuse(image.digest, error);
        world.store.faults.push('forbidden', 'forbidden');
        const { exitCode, report } = await world.run();
        assert.equal(report.totals.mirrored, 1);
        return exitCode;
      }),
    );
    assert.deepEqual(exits, [4, 6]);
  });

  test('two images that want one entry for different places are both published', async () => {
    const world = new World();
    world.publishAtVendor('a:1', 'a:2');
    const { exitCode } = await world.run({
      entries: 'repository',
      publishIntervalMs: 60_000,
      concurrency: 1,
      naming: (_, source) => ({
        kind: 'tag',
        registry: 'registry.example',
        repository: `atlan/${source.tag === '1' ? 'old' : 'new'}`,
        tag: source.tag ?? '',
      }),
    });
    assert.equal(exitCode, 0);
    assert.equal(world.mapped('a:1'), 'registry.example/atlan/old:1');
    assert.equal(world.mapped('a:2'), 'registry.example/atlan/new:2');
  });
});
