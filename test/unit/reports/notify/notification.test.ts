import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventOf } from '../../../../src/reports/notify/event.ts';
import { notification } from '../../../../src/reports/notify/parcel.ts';
import type { RunRecord } from '../../../../src/reports/run-record.ts';
import type { NotifyEvent, NotifyFormat } from '../../../../src/reports/settings.ts';
import { Secret } from '../../../../src/secret.ts';
import { HOSTILE, hostileRecord } from '../../../support/hostile-record.ts';
import {
  eventfulRecord,
  imageRecord,
  mirroredRecord,
  recordOf,
} from '../../../support/run-record.ts';

const ALL: readonly NotifyEvent[] = ['failure', 'change', 'recovery'];
const SECRET = 'https://hooks.slack.com/services/T0/B0/SECRET';

const map = { location: 's3://acme-sdr/map.yaml', changed: false };
const fresh = mirroredRecord('a:1', { startMs: 0, durationMs: 2000, bytes: 5_000_000 });
const quiet = recordOf([imageRecord('a:1')], { map });
const recovered = '2026-02-28T23:00:00.000Z';

describe('what a run is worth telling for', () => {
  for (const [name, record, on, expected] of [
    ['nothing happened', quiet, ALL, undefined],
    ['a failure', recordOf([], { outcome: 'failed', map }), ALL, 'failure'],
    ['a failure, told each time', recordOf([], { outcome: 'failed', map }), ['failure'], 'failure'],
    ['a failure nobody asks for', recordOf([], { outcome: 'failed', map }), ['change'], undefined],
    ['new images', recordOf([fresh], { map }), ALL, 'change'],
    ['a map that was changed', recordOf([], { map: { ...map, changed: true } }), ALL, 'change'],
    ['a recovery', recordOf([], { recoveredFrom: recovered, map }), ALL, 'recovery'],
    ['the graver of two', recordOf([fresh], { outcome: 'failed', map }), ALL, 'failure'],
    [
      'a recovery with new images',
      recordOf([fresh], { recoveredFrom: recovered, map }),
      ALL,
      'recovery',
    ],
    [
      'the one that is asked for',
      recordOf([fresh], { recoveredFrom: recovered, map }),
      ['change'],
      'change',
    ],
    ['an interruption', recordOf([], { outcome: 'interrupted', map }), ALL, undefined],
  ] as const) {
    test(name, () => {
      assert.equal(eventOf(record, on), expected);
    });
  }
});

function bodyOf(record: RunRecord, format: NotifyFormat): string {
  const parcel = notification(record, { webhook: new Secret(SECRET), format, on: ALL });
  assert.ok(parcel);
  assert.equal(parcel.url.reveal(), SECRET);
  assert.doesNotMatch(`${parcel.body}${parcel.to}${parcel.hint}`, /SECRET/);
  return parcel.body;
}

/** All texts anywhere in a message. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

test('a quiet run sends nothing', () => {
  assert.equal(
    notification(quiet, { webhook: new Secret(SECRET), format: 'json', on: ALL }),
    undefined,
  );
});

describe('for a program', () => {
  test('all that it needs to decide, whatever happened', () => {
    const body = JSON.parse(bodyOf(eventfulRecord(), 'json')) as Record<string, unknown>;
    const { failures, changes, ...rest } = body;
    assert.deepEqual(rest, {
      schemaVersion: 1,
      event: 'failure',
      title: '2 of 9 images failed',
      outcome: 'failed',
      exitCode: 4,
      startedAt: '2026-03-01T06:00:00.000Z',
      finishedAt: '2026-03-01T06:00:42.000Z',
      lastSuccessAt: '2026-02-28T22:00:31.000Z',
      failingSince: '2026-02-28T23:00:00.000Z',
      version: '0.1.0',
      map: eventfulRecord().map,
      totals: eventfulRecord().totals,
      omitted: 0,
    });
    assert.deepEqual(
      (failures as readonly { readonly name: string; readonly text: string }[]).map(
        ({ name, text }) => [name, text.split(':')[0]],
      ),
      [
        ['atlanhq/atlan-tableau-app:7.1.0', 'SIGNER_UNTRUSTED'],
        ['atlanhq/atlan-redshift-app:2.0.0', 'REGISTRY_UNAVAILABLE'],
      ],
    );
    assert.deepEqual(
      (changes as readonly { readonly image: string; readonly outcome: string }[]).map(
        ({ image, outcome }) => [image, outcome],
      ),
      [
        ['atlanhq/atlan-teradata-app:3.1.4', 'mirrored'],
        ['atlanhq/atlan-oracle-app:2.9.0', 'mirrored'],
        ['atlanhq/atlan-hive-app:1.0.7', 'recorded'],
      ],
    );
  });

  test('so many images and no more, and how many are left out', () => {
    const many = recordOf(Array.from({ length: 150 }, () => fresh));
    const body = JSON.parse(bodyOf(many, 'json')) as Readonly<Record<string, unknown>>;
    assert.equal((body['changes'] as readonly unknown[]).length, 100);
    assert.equal(body['omitted'], 50);
  });
});

describe('for Slack', () => {
  interface Slack {
    readonly text: string;
    readonly blocks: readonly {
      readonly type: string;
      readonly text: { readonly type: string; readonly text: string; readonly verbatim: boolean };
    }[];
  }
  const messageFor = (record: RunRecord): Slack => JSON.parse(bodyOf(record, 'slack')) as Slack;

  test('what failed, what to do, and what is new', () => {
    const { text, blocks } = messageFor(eventfulRecord());
    assert.match(
      text,
      /^:red_circle: \*sdr-mirror: 2 of 9 images failed\*\n\nRun: `2026-03-01 06:00 UTC, 42 s`/,
    );
    assert.match(text, /\*Failed\*\n• `atlanhq\/atlan-tableau-app:7\.1\.0` `SIGNER_UNTRUSTED: /);
    assert.match(text, /\n {3}Somebody else than `verify\.identities` accepts signed it\./);
    assert.match(
      text,
      /\*Newly in use\*\n• `atlanhq\/atlan-teradata-app:3\.1\.4` `registry\.mycompany/,
    );
    assert.equal(blocks.map((block) => block.text.text).join('\n\n'), text);
    assert.match(messageFor(recordOf([fresh])).text, /^:large_blue_circle: /);
    const good = recordOf([], { recoveredFrom: recovered });
    assert.match(messageFor(good).text, /^:large_green_circle: \*sdr-mirror: All is well again\*/);
  });

  // https://docs.slack.dev/reference/block-kit/blocks/section-block
  test('keeps to what Slack takes: 50 blocks, 3000 characters each, one escaped form of text', () => {
    const error = { code: 'UNEXPECTED', message: 'y'.repeat(5000), retryable: true };
    const wordy = imageRecord('x'.repeat(1000), { outcome: 'failed', error });
    for (const record of [
      hostileRecord(),
      recordOf(Array.from({ length: 300 }, () => fresh)),
      recordOf(Array.from({ length: 300 }, () => wordy)),
    ]) {
      const { blocks } = messageFor(record);
      assert.ok(blocks.length <= 50);
      for (const { type, text } of blocks) {
        assert.equal(type, 'section');
        assert.deepEqual([text.type, text.verbatim], ['mrkdwn', true]);
        assert.ok(text.text.length > 0 && text.text.length <= 3000, `${text.text.length}`);
      }
    }
  });

  test('foreign text stands in code spans: nobody is called, nothing is a link', () => {
    const { text } = messageFor(hostileRecord());
    assert.doesNotMatch(text, /<[!@#h]/);
    // What is left beside code spans is our own words.
    const outside = text.replaceAll(/`[^`\n]*`/g, '');
    for (const hostile of [
      'everyone',
      'evil.example',
      '_it_',
      'alert',
      'channel',
      'onerror',
      'code',
    ]) {
      assert.doesNotMatch(outside, new RegExp(hostile));
    }
    assert.equal((text.match(/`/g) ?? []).length % 2, 0);
  });
});

describe('for Teams', () => {
  interface Teams {
    readonly type: string;
    readonly attachments: readonly [
      { readonly contentType: string; readonly content: { readonly body: readonly object[] } },
    ];
  }
  const messageFor = (record: RunRecord): Teams => JSON.parse(bodyOf(record, 'teams')) as Teams;

  test('an Adaptive Card with what failed, what to do, and what is new', () => {
    const { type, attachments } = messageFor(eventfulRecord());
    assert.equal(type, 'message');
    assert.equal(attachments[0].contentType, 'application/vnd.microsoft.card.adaptive');
    const texts = textsIn(attachments[0].content.body).join('\n');
    assert.match(texts, /sdr-mirror: 2 of 9 images failed/);
    assert.match(
      texts,
      /atlanhq\/atlan-tableau-app:7\.1\.0\nBolder\nTextRun\n {2}SIGNER_UNTRUSTED: /,
    );
    assert.match(texts, /Newly in use/);
  });

  test('foreign text stands in text runs alone, which know no Markdown', () => {
    const { body } = messageFor(hostileRecord()).attachments[0].content;
    const types = body.flatMap((block) => ('type' in block ? [block.type] : []));
    assert.deepEqual([...new Set(types)], ['RichTextBlock']);
    const inlines = body.flatMap((block) =>
      'inlines' in block ? (block.inlines as readonly { readonly type: string }[]) : [],
    );
    assert.ok(inlines.every(({ type }) => type === 'TextRun'));
    assert.ok(JSON.stringify(body).length < 28_000, 'Teams takes 28 KB');
  });
});

test('no message for people hides anything: what turns text around or moves a cursor is shown', () => {
  assert.ok(HOSTILE.some((text) => text.includes('\u202e')));
  for (const format of ['slack', 'teams'] as const) {
    for (const text of textsIn(JSON.parse(bodyOf(hostileRecord(), format)))) {
      // oxlint-disable-next-line no-control-regex -- none of them may be there
      assert.doesNotMatch(text, /[\u202e\u0000-\u0009\u000b-\u001f]/, format);
    }
  }
});
