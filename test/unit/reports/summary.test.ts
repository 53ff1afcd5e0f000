import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderSummary } from '../../../src/reports/summary.ts';
import { HOSTILE, hostileRecord } from '../../support/hostile-record.ts';
import { eventfulRecord, imageRecord, recordOf } from '../../support/run-record.ts';

/** The text as GitHub shows it. */
function shown(markdown: string): string {
  return markdown.replaceAll(/&#(\d+);/g, (_all, code: string) =>
    String.fromCodePoint(Number(code)),
  );
}

test('it says what came of the run, what failed and what to do, and what is new', () => {
  const text = shown(renderSummary(eventfulRecord()));
  assert.match(text, /^## ❌ 2 of 9 images failed\n/);
  assert.match(text, /9 images · 2 mirrored · 1 recorded · 3 unchanged · 1 pending · 2 failed/);
  assert.match(text, /SIGNER_UNTRUSTED: .*\n {2}<br>\*\*What to do:\*\* Somebody else than/);
  assert.match(
    text,
    /\| <code>atlanhq\/atlan-teradata-app:3\.1\.4<\/code> \| <code>registry\.mycompany\.com\/.*\| 825 MB \| <code>https:\/\/github\.com\/atlanhq/,
  );
  assert.match(text, /### Not usable yet[\s\S]*atlan-looker-app/);
  assert.match(text, /<summary>3 unchanged images<\/summary>.*atlan-saphana-app/);
  assert.match(text, /Runs have failed since 2026-02-28/);
  assert.match(text, /Map <code>s3:\/\/acme-sdr\/sdr\/image-map\.yaml<\/code> was changed\./);
});

test('a run with nothing to do says so, and no more', () => {
  const record = recordOf([imageRecord('a:1')], {
    map: { location: 'file:/map.yaml', changed: false },
  });
  const text = renderSummary(record);
  assert.match(text, /^## ✅ All is well, and nothing had to change\n/);
  assert.doesNotMatch(text, /###|WARNING/);
});

test('signatures that are not enforced are warned of', () => {
  assert.match(
    renderSummary(recordOf([], { verify: 'off' })),
    /> \[!WARNING\]\n> Signatures are not enforced \(`verify\.mode: off`\)/,
  );
});

test('what others wrote stays text', () => {
  const text = renderSummary(hostileRecord());
  // The markup is ours alone: these elements, and no link, mention or formula.
  const elements = new Set([...text.matchAll(/<\/?([\w!]+)[^>]*>/g)].map(([, name]) => name));
  assert.deepEqual(elements, new Set(['br', 'code', 'details', 'summary', 'ul', 'li']));
  assert.doesNotMatch(text, /@|javascript:|\]\(|https?:|\$\{|\u202e|\p{Cc}(?<!\n)/u);
  for (const row of text.split('\n').filter((line) => line.startsWith('|'))) {
    assert.ok([3, 5].includes(row.split('|').length - 1), row);
  }
  assert.ok(shown(text).includes(HOSTILE[0] ?? ''));
});

test('a thousand images stay within what GitHub takes', () => {
  const images = [...Array(2000).keys()].map((index) =>
    imageRecord(`app-${index}:1`, { outcome: 'mirrored', target: 'x'.repeat(500) }),
  );
  const text = renderSummary(recordOf(images));
  assert.ok(Buffer.byteLength(text) < 1024 * 1024);
  assert.match(text, /…and 1500 more, in the report\./);
});
