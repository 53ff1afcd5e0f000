import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { renderPage } from '../../../src/reports/page/page.ts';
import type { RunRecord } from '../../../src/reports/run-record.ts';
import {
  digestFor,
  eventfulRecord,
  evidenceFor,
  imageRecord,
  mirroredRecord,
  recordOf,
} from '../../support/run-record.ts';
import { hostileRecord } from '../../support/hostile-record.ts';

/** The text of a page, without markup, on one line. */
function textOf(record: RunRecord): string {
  const page = renderPage(record);
  const [, body = ''] = page.split('<body>');
  return body
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll(/\s+/g, ' ');
}

const error = { code: 'MAP_UNAVAILABLE', message: 'the bucket is gone', retryable: false };
const fresh = mirroredRecord('a:1', { startMs: 0, durationMs: 2000, bytes: 5_000_000 });
const map = { location: 's3://acme-sdr/map.yaml', changed: false };

describe('what the page says', () => {
  for (const [name, record, expected, absent] of [
    [
      'all at once',
      eventfulRecord(),
      [
        /^ sdr-mirror report of a run 2 of 9 images failed Ran 2026-03-01 06:00 UTC , for 42 s/,
        /Runs have failed since 2026-02-28 23:00 UTC \. The last success was at 2026-02-28 22:00 UTC/,
        /9 images 2 mirrored 1 recorded 3 unchanged 2 failed 1 pending 643 MB copied/,
        /SIGNER_UNTRUSTED .*What to do Somebody else than verify\.identities .*It stays so until/,
        /SIGNATURE_MISSING .*What to do Wait: its signature may still come\. The next run tries/,
        /Announced, but no usable image release 12 \("atlan-sigma-app"\): it names no image/,
        /412 MB of 825 MB copied in 31 s, 6 of 15 blobs found at the target, with 2 attachments\./,
        /Recorded: the map does not name it\. Nothing had to be copied, with 2 attachments\./,
        /Without these platforms, as was asked for: linux\/arm64, linux\/ppc64le\./,
        /Timeline of the copies .*31 s · 412 MB/,
        /Mirrored without an accepted signature 1 .*atlan-mssql-app/,
        /signer not remembered 1 .*atlan-db2-app/,
        /Key release-2025 1 .*atlan-saphana-app/,
        /build-and-publish-app\.yaml@refs\/heads\/main 3 Vouched for by https:\/\/token\.actions\.githubusercontent\.com/,
        /atlan-teradata-app:3\.1\.4 .*2026-02-27 09:12 UTC 1234567890/,
        /atlan-teradata-app:3\.1\.4 sha256:[0-9a-f]{64} linux\/amd64, linux\/arm64, 825 MB/,
        /exit code 4 · 135 requests to registries/,
      ],
      [],
    ],
    [
      'nothing to do',
      recordOf([imageRecord('a:1')], { map }),
      [/All is well, and nothing had to change/, /was not changed/, /In use/],
      [/Needs attention/, /What changed/, /Timeline/, /not enforced/],
    ],
    ['nothing announced', recordOf([], { map }), [/Nothing is announced/], [/In use/, /attention/]],
    ['one new', recordOf([fresh]), [/All is well; 1 image newly in use/], [/Needs attention/]],
    [
      'what was mended, and what was rewritten',
      recordOf([
        {
          ...fresh,
          reason: 'broken at the target: it has lost a blob',
          repaired: true,
          copy: { ...fresh.copy!, rewritten: { from: fresh.digest!, to: digestFor('rewritten') } },
        },
      ]),
      [
        /Mirrored: broken at the target: it has lost a blob\./,
        /REWRITTEN as sha256:[0-9a-f]{64} : no signature applies to it\./,
      ],
      [],
    ],
    [
      'a run that could not start',
      recordOf([], { error, outcome: 'failed' }),
      [/The run could not start/, /The whole run MAP_UNAVAILABLE the bucket is gone/],
      [],
    ],
    [
      'a map that could not be written',
      recordOf([fresh], { map: { ...map, error }, outcome: 'failed' }),
      [/The map could not be written/, /could not be written .*MAP_UNAVAILABLE/],
      [],
    ],
    [
      'a recovery',
      recordOf([], { recoveredFrom: '2026-02-28T23:00:00.000Z' }),
      [/All is well again/, /Recovered\. Runs had failed since 2026-02-28 23:00 UTC/],
      [],
    ],
    [
      'an interruption',
      recordOf([imageRecord('a:1', { outcome: 'interrupted' })], {
        outcome: 'interrupted',
        interrupted: true,
      }),
      [/told to stop before it was done/, /1 interrupted/],
      [/Needs attention/],
    ],
    [
      'signatures that are not enforced',
      recordOf([{ ...fresh, unverified: 'verify.mode is warn: nothing is signed' }], {
        verify: 'warn',
        evidence: [evidenceFor({ ...fresh, unverified: 'it is not signed' })],
      }),
      [/Signatures are not enforced\./, /NOT VERIFIED verify\.mode is warn/, /without an accepted/],
      [],
    ],
  ] as const) {
    test(name, () => {
      const text = textOf(record);
      for (const pattern of expected) assert.match(text, pattern);
      for (const pattern of absent) assert.doesNotMatch(text, pattern);
    });
  }
});

test('the page loads nothing and runs nothing', () => {
  for (const record of [eventfulRecord(), hostileRecord()]) {
    const page = renderPage(record);
    assert.doesNotMatch(page, /<(?:script|link|img|iframe|object|embed|form|base|a)\b/i);
    const tags =
      page
        .replaceAll(/="[^"]*"/g, '=')
        .match(/<[^>]*>/g)
        ?.join('\n') ?? '';
    assert.doesNotMatch(tags, /[\s/](?:src|href|style|on\w+)=/i);
    assert.doesNotMatch(page, /@import|url\(/i);
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    assert.ok(
      page
        .replaceAll('&#39;', "'")
        .includes(`content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'`),
    );
  }
});

test('foreign text stands as text, with what hides in it shown', () => {
  const page = renderPage(hostileRecord());
  assert.match(page, /&lt;img src=x onerror=alert\(1\)&gt;/);
  assert.match(page, /&lt;\/style&gt;&lt;script&gt;/);
  // The mark that turns text around, and the escape of terminals.
  assert.match(page, /\\u202e/);
  assert.match(page, /\\u001b/);
  // oxlint-disable-next-line no-control-regex -- none of them may be there
  assert.doesNotMatch(page, /[\u202e\u0000-\u0009\u000b-\u001f]/);
});

test('the same run gives the same page', () => {
  assert.equal(renderPage(eventfulRecord()), renderPage(eventfulRecord()));
});
