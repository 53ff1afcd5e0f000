import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RegistryError, SignatureError } from '../../../src/errors.ts';
import { createInspector } from '../../../src/mirror/inspect.ts';
import type { StatusFinding } from '../../../src/mirror/status-report.ts';
import { status, type StatusResult, type StatusSettings } from '../../../src/mirror/status.ts';
import type { VerifyMode } from '../../../src/mirror/verify.ts';
import type { Options } from '../../../src/options.ts';
import { releaseMatcher } from '../../../src/releases/select.ts';
import { FakeSignatureVerifier } from '../../fakes/signature-verifier.ts';
import { imageOf, TARGET, World } from './world.ts';

/** A world with a second verifier, which looks at the target. */
class StatusWorld extends World {
  readonly there: FakeSignatureVerifier = new FakeSignatureVerifier();

  async status(
    changes: Partial<StatusSettings> = {},
    mode: VerifyMode | 'none' = 'enforce',
    options: Options = {},
  ): Promise<StatusResult> {
    const inspector = createInspector({
      target: this.target,
      signatures:
        mode === 'none'
          ? undefined
          : {
              mode,
              atSource: this.verifier,
              atTarget: async (image, _source, options) => this.there.verify(image, options),
            },
    });
    return await status(
      { ...this.dependencies, inspector },
      { ...this.settings, signatures: mode !== 'none', ...changes },
      options,
    );
  }

  /** Images that are announced, mirrored, signed and mapped. */
  async mirrored(...names: readonly string[]): Promise<this> {
    for (const { digest } of this.publishAtVendor(...names)) this.there.accept(digest);
    await this.run();
    return this;
  }
}

const world = async (...names: readonly string[]): Promise<StatusWorld> =>
  new StatusWorld().mirrored(...names);

function findingsOf({ report }: StatusResult, name: string): readonly StatusFinding[] {
  const image = report.images.find((each) => each.image === `atlanhq/${name}`);
  assert.ok(image, `${name} is in the report`);
  return image.findings;
}

function kindsOf(result: StatusResult, name: string): readonly string[] {
  return findingsOf(result, name).map(({ kind }) => kind);
}

test('all is well: images, where they are, and nothing written or changed', async () => {
  const here = await world('a:1', 'b:1');
  const { writes } = here.store;
  here.operations.length = 0;
  const { report, errors } = await here.status();
  assert.deepEqual(errors, []);
  assert.deepEqual(
    report.images.map(({ image, announced, target, digest, findings }) => [
      image,
      announced,
      target,
      digest,
      findings,
    ]),
    ['a:1', 'b:1'].map((name) => [
      `atlanhq/${name}`,
      true,
      `${TARGET}/${name}`,
      imageOf(name).digest,
      [],
    ]),
  );
  assert.equal(report.totals.well, 2);
  assert.equal(here.store.writes, writes);
  assert.deepEqual(
    here.operations.filter((operation) => /put|write/i.test(operation)),
    [],
  );
});

describe('what is found', () => {
  test('announced, and neither at the target nor in the map', async () => {
    const here = new StatusWorld();
    here.publishAtVendor('a:1');
    here.announce('not-even-at-the-source:1');
    const result = await here.status();
    assert.deepEqual(kindsOf(result, 'a:1'), ['unmirrored']);
    assert.deepEqual(kindsOf(result, 'not-even-at-the-source:1'), ['unmirrored']);
  });

  test('at the target, but not in the map', async () => {
    const here = await world('a:1');
    here.store.editByHand('# begun anew\n');
    assert.deepEqual(kindsOf(await here.status(), 'a:1'), ['unmapped']);
  });

  test('the target has lost the tag', async () => {
    const here = await world('a:1');
    here.lose('a:1');
    const result = await here.status();
    assert.deepEqual(kindsOf(result, 'a:1'), ['missing']);
    assert.match(findingsOf(result, 'a:1')[0]!.detail, /`mirror run` copies it again/);
    here.source.repository('docker.io/atlanhq/a').tags.clear();
    assert.match(
      findingsOf(await here.status(), 'a:1')[0]!.detail,
      /nor does the source: .* Push the image again/,
    );
  });

  test('another image has come under the tag, at either side', async () => {
    const here = await world('a:1');
    const other = imageOf('a:1', '2021-01-01T00:00:00Z');
    here.verifier.accept(other.digest);
    here.atSource('a:1', other);
    const result = await here.status();
    assert.deepEqual(kindsOf(result, 'a:1'), ['drifted']);
    assert.match(
      findingsOf(result, 'a:1')[0]!.detail,
      new RegExp(`holds ${imageOf('a:1').digest}, the source now has ${other.digest}`),
    );
  });

  test('a blob is lost', async () => {
    const here = await world('a:1');
    const [digest] = [...imageOf('a:1').blobs.keys()];
    here.target.repository(`${TARGET}/a`).blobs.delete(digest!);
    const result = await here.status();
    assert.deepEqual(kindsOf(result, 'a:1'), ['incomplete']);
    assert.match(
      findingsOf(result, 'a:1')[0]!.detail,
      new RegExp(`has lost 1 part of it: blob ${digest}\\. .mirror run --repair. copies it again`),
    );
  });

  test('the source no longer has it: worth knowing, and no more', async () => {
    const here = await world('a:1');
    here.source.repository('docker.io/atlanhq/a').tags.clear();
    const result = await here.status();
    assert.deepEqual(kindsOf(result, 'a:1'), ['withdrawn']);
    assert.equal(result.report.totals.well, 1);
  });

  test('an entry of somebody else: foreign where it leads somewhere, else missing', async () => {
    const here = await world('a:1');
    here.store.editByHand('images:\n  "atlanhq/a:1": "registry.example/golden/a:1"\n');
    const lost = await here.status();
    assert.deepEqual(kindsOf(lost, 'a:1'), ['missing']);
    assert.equal(lost.report.images[0]?.target, 'registry.example/golden/a:1');
    here.target
      .repository('registry.example/golden/a')
      .putManifest(imageOf('a:1').manifests.at(-1)!, '1');
    const found = await here.status();
    assert.deepEqual(kindsOf(found, 'a:1'), ['foreign']);
    assert.equal(found.report.totals.well, 1);
    assert.deepEqual(kindsOf(await here.status({ existingEntry: 'replace' }), 'a:1'), ['unmapped']);
  });

  test('what cannot be asked is unchecked, and keeps nothing else from being looked at', async () => {
    const here = await world('a:1', 'b:1');
    const failure = new RegistryError('REGISTRY_UNAVAILABLE', '503', { side: 'target' });
    here.before = (operation) => {
      if (operation === `target.head ${TARGET}/a:1`) throw failure;
    };
    const result = await here.status();
    assert.deepEqual(
      result.report.images.map(({ findings }) => findings),
      [
        [
          {
            kind: 'unchecked',
            detail: '503',
            error: { code: 'REGISTRY_UNAVAILABLE', message: '503', retryable: true },
          },
        ],
        [],
      ],
    );
    assert.deepEqual(result.errors, [failure]);
  });
});

describe('signatures at the target', () => {
  const refused = new SignatureError('SIGNER_UNTRUSTED', 'signed by a stranger.');

  test('one that the source has and the target has not', async () => {
    const here = await world('a:1');
    const { digest } = imageOf('a:1');
    here.there.refuse(digest, new SignatureError('SIGNATURE_MISSING', 'not signed.'));
    for (const mode of ['enforce', 'warn'] as const) {
      const result = await here.status({}, mode);
      assert.deepEqual(kindsOf(result, 'a:1'), ['unsigned']);
      assert.match(findingsOf(result, 'a:1')[0]!.detail, /^no signature is found with .*--repair/);
    }
  });

  test('one whose own parts are lost', async () => {
    const here = await world('a:1');
    const lost = new RegistryError('REGISTRY_NOT_FOUND', 'the blob is gone.', { side: 'target' });
    here.there.refuse(imageOf('a:1').digest, lost);
    assert.deepEqual(kindsOf(await here.status(), 'a:1'), ['unsigned']);
  });

  test('one that is accepted nowhere any more: only where signatures are enforced', async () => {
    const here = await world('a:1');
    const { digest } = imageOf('a:1');
    here.there.refuse(digest, refused);
    here.verifier.refuse(digest, refused);
    const [finding] = findingsOf(await here.status(), 'a:1');
    assert.match(finding!.detail, /signed by a stranger\. Nor does the source have one/);
    assert.deepEqual(kindsOf(await here.status({}, 'warn'), 'a:1'), []);
  });

  test('one that nobody can bring back, for the source has another image by now', async () => {
    const here = await world('a:1');
    here.there.refuse(imageOf('a:1').digest, refused);
    here.source.repository('docker.io/atlanhq/a').tags.clear();
    assert.deepEqual(kindsOf(await here.status(), 'a:1'), ['withdrawn', 'unsigned']);
    assert.deepEqual(kindsOf(await here.status({}, 'warn'), 'a:1'), ['withdrawn']);
  });

  test('are not looked for where nobody verifies or copies them', async () => {
    const here = await world('a:1');
    here.there.refuse(imageOf('a:1').digest, refused);
    const { report } = await here.status({}, 'none');
    assert.equal(report.totals.well, 1);
    assert.equal(report.signatures, false);
    assert.deepEqual(here.there.asked, []);
  });

  test('a trust root that cannot be had is no verdict', async () => {
    const here = await world('a:1');
    here.there.refuse(
      imageOf('a:1').digest,
      new SignatureError('TRUST_ROOT_UNAVAILABLE', 'no root'),
    );
    const result = await here.status();
    assert.deepEqual(kindsOf(result, 'a:1'), ['unchecked']);
    assert.equal(result.errors.length, 1);
  });
});

describe('what only the map names', () => {
  test('is stale, and is looked at all the same', async () => {
    const here = await world('a:1', 'b:1');
    here.releases.announce([]);
    here.lose('b:1');
    const result = await here.status();
    assert.deepEqual(kindsOf(result, 'a:1'), ['stale']);
    assert.deepEqual(kindsOf(result, 'b:1'), ['missing', 'stale']);
    assert.deepEqual(
      result.report.images.map(({ announced }) => announced),
      [false, false],
    );
  });

  test('of a whole repository is stale when nothing announced goes by it', async () => {
    const here = new StatusWorld();
    here.settings = { ...here.settings, entries: 'repository' };
    await here.mirrored('a:1');
    assert.deepEqual(kindsOf(await here.status(), 'a:1'), []);
    here.releases.announce([]);
    const { report } = await here.status();
    assert.deepEqual(
      report.images.map(({ image, findings }) => [image, findings.map(({ kind }) => kind)]),
      [['atlanhq/a', ['stale']]],
    );
  });

  test('for others is counted and left alone', async () => {
    const here = await world('a:1');
    here.store.editByHand(
      `${here.store.text}  "atlanhq/theirs:1": "elsewhere.example/x:1"\n  other/app: "elsewhere.example/app"\n`,
    );
    const { report } = await here.status();
    assert.equal(report.map.others, 2);
    assert.equal(report.images.length, 1);
  });

  test('is part of a look at some of the releases where its repository is', async () => {
    const here = await world('a:1', 'a:2', 'b:1', 'b:2', 'c:1');
    here.releases.announce([{ image: 'atlanhq/a:2', appName: 'alpha' }, { image: 'atlanhq/b:2' }]);
    const seen = async (...globs: readonly string[]): Promise<readonly string[]> => {
      const { report } = await here.status({ isWanted: releaseMatcher(globs) });
      return report.images.map(({ image, announced }) => `${image}${announced ? '' : ' stale'}`);
    };
    // By the name of the app, which no entry has.
    assert.deepEqual(await seen('alpha'), ['atlanhq/a:2', 'atlanhq/a:1 stale']);
    assert.deepEqual(await seen('atlanhq/b:1'), ['atlanhq/b:1 stale']);
    assert.deepEqual(await seen('*/c*'), ['atlanhq/c:1 stale']);
    assert.deepEqual(await seen('none'), []);
  });
});

test('a release list or a map that cannot be read is a failure, not an empty status', async () => {
  const here = await world('a:1');
  here.store.editByHand('images: [');
  await assert.rejects(here.status(), { code: 'MAP_INVALID' });
  here.before = (operation) => {
    if (operation === 'releases') throw new RegistryError('REGISTRY_UNAVAILABLE', 'away');
  };
  await assert.rejects(here.status(), /away/);
});

test('whoever stops it gets no status of images that were not looked at', async () => {
  const here = await world('a:1');
  const stop = new AbortController();
  here.before = (operation) => {
    if (operation.startsWith('target.head')) stop.abort(new Error('stopped'));
  };
  await assert.rejects(here.status({}, 'enforce', { signal: stop.signal }), /stopped/);
});

test('there is no map yet', async () => {
  const here = new StatusWorld();
  here.publishAtVendor('a:1');
  const { report } = await here.status();
  assert.equal(report.map.revision, undefined);
  assert.equal(report.totals.unmirrored, 1);
});
