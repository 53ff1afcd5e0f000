import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  anything,
  array,
  assert as check,
  constant,
  jsonValue,
  object,
  oneof,
  option,
  property,
  record,
  string,
} from 'fast-check';
import { ReleaseSourceError } from '../../../src/errors.ts';
import { parseReference } from '../../../src/registry/reference.ts';
import { parseReleases } from '../../../src/releases/parse-releases.ts';
import type { ReleaseList } from '../../../src/releases/release-source.ts';

const options = { location: 'https://acme.atlan.com' };
const parse = (body: unknown): ReleaseList => parseReleases(body, options);
const images = (body: unknown): string[] => parse(body).releases.map(({ image }) => image);

function refusal(body: unknown): ReleaseSourceError {
  try {
    parse(body);
  } catch (error) {
    assert.ok(error instanceof ReleaseSourceError, String(error));
    return error;
  }
  return assert.fail(`accepted ${JSON.stringify(body)}`);
}

const teradata = {
  app_id: '019aaaaa-0000-7000-8000-000000000001',
  app_name: 'teradata',
  version: '3.1.4',
  version_id: '019b2b7d-0000-7000-8000-000000000001',
  image: 'atlanhq/atlan-teradata-app:3.1.4',
};

describe('what is tolerated', () => {
  test('bare, or under data', () => {
    const expected = [
      {
        image: 'atlanhq/atlan-teradata-app:3.1.4',
        appName: 'teradata',
        appId: '019aaaaa-0000-7000-8000-000000000001',
        version: '3.1.4',
        versionId: '019b2b7d-0000-7000-8000-000000000001',
      },
    ];
    assert.deepEqual(parse({ releases: [teradata] }).releases, expected);
    assert.deepEqual(parse({ data: { releases: [teradata] } }).releases, expected);
    assert.deepEqual(
      parse({ status: 'success', status_code: 200, data: { releases: [teradata] } }).releases,
      expected,
    );
  });

  test('unknown fields, and missing or unusable optional ones', () => {
    assert.deepEqual(
      parse({
        next: null,
        releases: [
          { image: 'a/b:1', channel: 'stable', app_name: null, version: 2, app_id: 'a\u{1b}[31m' },
        ],
      }).releases,
      [{ image: 'a/b:1', version: '2' }],
    );
  });

  test('an empty list is an empty list', () => {
    assert.deepEqual(parse({ releases: [] }), { releases: [], skipped: [] });
    assert.deepEqual(parse({ data: { releases: [] }, error: null, errors: [] }), {
      releases: [],
      skipped: [],
    });
  });

  test('the same image announced twice is one, whatever its spelling', () => {
    const { releases } = parse({
      releases: [
        { image: 'atlanhq/a:1', app_name: 'a' },
        { image: 'docker.io/atlanhq/a:1', app_name: 'other', version: '1' },
        { image: 'index.docker.io/atlanhq/a:2' },
      ],
    });
    assert.deepEqual(releases, [
      { image: 'atlanhq/a:1', appName: 'a', version: '1' },
      { image: 'index.docker.io/atlanhq/a:2' },
    ]);
  });

  test('the same spelling from another default registry is another image', () => {
    const { releases } = parseReleases(
      { releases: [{ image: 'atlanhq/a:1' }, { image: 'docker.io/atlanhq/a:1' }] },
      { ...options, defaultRegistry: 'mirror.example' },
    );
    assert.equal(releases.length, 2);
  });
});

describe('entries without a usable image', () => {
  test('are skipped in words, and lose no other', () => {
    const { releases, skipped } = parse({
      releases: [
        { app_name: 'no-image', version: '1.0' },
        teradata,
        { image: null },
        { image: '' },
        { image: 7 },
        { image: 'atlanhq/untagged' },
        { image: `atlanhq/digest@sha256:${'0'.repeat(64)}` },
        { image: 'atlanhq/UPPER:1' },
        'text',
        null,
      ],
    });
    assert.deepEqual(
      releases.map(({ image }) => image),
      [teradata.image],
    );
    assert.deepEqual(skipped.slice(0, 4), [
      'entry 1 (app "no-image", version "1.0"): it names no image',
      'entry 3: it names no image',
      'entry 4: it names no image',
      'entry 5: its image is no text',
    ]);
    assert.match(
      skipped[4] ?? '',
      /^entry 6: "atlanhq\/untagged" names a repository, not an image/,
    );
    assert.match(skipped[5] ?? '', /^entry 7: .* names a digest without a tag/);
    assert.match(skipped[6] ?? '', /^entry 8: "atlanhq\/UPPER:1" is not an image reference/);
    assert.deepEqual(skipped.slice(7), [
      'entry 9: it is no JSON object',
      'entry 10: it is no JSON object',
    ]);
  });

  test('a tag with a digest is usable', () => {
    const image = `atlanhq/a:1@sha256:${'0'.repeat(64)}`;
    assert.deepEqual(images({ releases: [{ image }] }), [image]);
  });

  test('are cut and escaped', () => {
    const { skipped } = parse({
      releases: [teradata, { app_name: '\u{1b}[31m\n', image: `\u{202e}${'x'.repeat(10_000)}` }],
    });
    const [sentence = ''] = skipped;
    assert.ok(sentence.length < 800);
    assert.doesNotMatch(sentence, /[\p{Cc}\p{Cf}]/u);
  });

  test('are told of one by one only up to a number', () => {
    const entries = Array.from({ length: 5000 }, () => ({ app_name: 'x' }));
    const { releases, skipped } = parse({ releases: [...entries, { image: 'atlanhq/a:1' }] });
    assert.equal(releases.length, 1);
    assert.equal(skipped.length, 1001);
    assert.equal(skipped.at(-1), '4000 more entries without a usable image');
  });

  test('if they are all there is, nothing is known: an error, not an empty list', () => {
    const error = refusal({ releases: [{ app_name: 'a', img: 'a/b:1' }, { app_name: 'b' }] });
    assert.match(
      error.message,
      /lists 2 releases, none with a usable image, .*The first: entry 1 \(app "a"\): it names no image\. A release needs an image with a tag, .*: tell whoever/,
    );
    assert.equal(error.retryable, false);
  });
});

describe('errors in an answer of status 200 are no releases', () => {
  const cases: readonly (readonly [unknown, RegExp, boolean])[] = [
    [
      { status: 'error', message: 'Tenant not found', status_code: 404 },
      /answered with an error 404: "Tenant not found", not with releases/,
      false,
    ],
    [{ status: 'error' }, /answered with an error without a message, not with releases/, true],
    [{ status: 'ERROR', message: 'x', releases: [] }, /an error: "x"/, true],
    [{ status_code: 503, releases: [] }, /an error 503/, true],
    [{ statusCode: '429' }, /an error 429/, true],
    [{ status: 500, error: 'boom' }, /an error 500: "boom"/, true],
    [{ success: false, data: { releases: [] } }, /an error/, true],
    [{ ok: false, releases: [] }, /an error/, true],
    [{ error: { code: 401, message: 'no' }, releases: [] }, /an error: "no"/, true],
    [{ errors: [{ message: 'one' }, { message: 'two' }] }, /an error: "one; two"/, true],
    [{ data: { status: 'error', message: 'within' } }, /an error: "within"/, true],
    [{ detail: 'Not Found' }, /an error: "Not Found"/, true],
    [
      { detail: [{ loc: ['query'], msg: 'field required', type: 'missing' }] },
      /an error: "field required"/,
      true,
    ],
  ];
  for (const [body, expected, retryable] of cases) {
    test(JSON.stringify(body), () => {
      const error = refusal(body);
      assert.match(error.message, expected);
      assert.match(error.message, /not with releases\. [A-Z][^"]+\.$/);
      assert.equal(error.retryable, retryable);
    });
  }
});

describe('other shapes are no releases', () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [null, /answered with null where/],
    [[], /answered with a JSON list where/],
    ['text', /answered with a JSON string where/],
    [{}, /answered with an empty JSON object where/],
    [{ data: null }, /answered with null where/],
    [{ data: [] }, /answered with a JSON list where/],
    [{ releases: null }, /a "releases" that is no list/],
    [{ releases: {} }, /a "releases" that is no list/],
    [{ apps: [], count: 0 }, /a JSON object of "apps", "count" where/],
  ];
  for (const [body, expected] of cases) {
    test(JSON.stringify(body), () => assert.match(refusal(body).message, expected));
  }
});

describe('any JSON', () => {
  const entry = record(
    {
      image: option(
        oneof(string(), constant('atlanhq/a:1'), constant('b.example/c:2'), anything()),
      ),
      app_name: anything(),
      version: oneof(string({ unit: 'binary' }), anything()),
    },
    { requiredKeys: [] },
  );
  const list = record({ releases: array(oneof(entry, jsonValue())) });
  const bodies = oneof(
    jsonValue(),
    object(),
    list,
    list.map((data) => ({ data })),
    record({ status: anything(), status_code: anything(), releases: anything(), data: list }),
  );

  test('gives a list or a ReleaseSourceError, nothing else', () => {
    check(
      property(bodies, (body) => {
        try {
          const { releases, skipped } = parse(body);
          const canonical = releases.map(({ image }) => JSON.stringify(parseReference(image)));
          assert.equal(new Set(canonical).size, releases.length);
          assert.ok(releases.length > 0 || skipped.length === 0);
          for (const sentence of skipped) assert.doesNotMatch(sentence, /[\p{Cc}\p{Cf}]/u);
        } catch (error) {
          assert.ok(error instanceof ReleaseSourceError, String(error));
          assert.doesNotMatch(error.message, /[\p{Cc}\p{Cf}]/u);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('whatever else an entry holds, its usable image is kept', () => {
    check(
      property(array(jsonValue()), array(jsonValue()), entry, (before, after, rest) => {
        const body = {
          releases: [...before, { ...rest, image: 'kept.example/image:1' }, ...after],
        };
        assert.ok(images(body).includes('kept.example/image:1'));
      }),
    );
  });
});
