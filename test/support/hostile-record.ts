import type { RunRecord } from '../../src/reports/run-record.ts';
import {
  evidenceFor,
  imageRecord,
  mirroredRecord,
  recordOf,
  verificationOf,
} from './run-record.ts';

/** Texts that would do harm wherever they are taken for more than text. */
export const HOSTILE: readonly string[] = [
  '<img src=x onerror=alert(1)>',
  '</title></style><script>document.title="owned"</script>',
  '"><svg/onload=alert(1)>',
  "' onmouseover='alert(1)",
  '\u202egnp.exe\u001b[2J',
  '<!channel> <@U123> @everyone *bold* _it_ `code` [link](https://evil.example)',
  'javascript:alert(1)//${alert(1)}{{7*7}}',
  'long'.repeat(120),
];

/** A run in which everything that others wrote is hostile. */
export function hostileRecord(): RunRecord {
  const text = (index: number): string => HOSTILE[index % HOSTILE.length] ?? '';
  const images = HOSTILE.flatMap((name, index) => [
    mirroredRecord(
      'x:1',
      { startMs: index * 100, durationMs: 3000, bytes: 1000 },
      {
        image: name,
        app: name,
        version: name,
        source: text(index + 1),
        target: `${name}${index}`,
        reason: text(index + 2),
        copy: {
          manifests: 1,
          blobs: { uploaded: 1, mounted: 0, present: 0 },
          bytes: 1000,
          platforms: [text(index + 6)],
          attachments: 0,
          omitted: [text(index + 3)],
        },
        verification: verificationOf('x:1', {
          signer: { kind: 'certificate', subject: name, issuer: text(index + 4), extensions: {} },
          logIndex: text(index + 5),
        }),
        ...(index % 2 === 0 ? {} : { unverified: text(index + 1) }),
      },
    ),
    imageRecord('y:1', {
      image: name,
      target: text(index + 1),
      outcome: index % 2 === 0 ? 'failed' : 'pending',
      reason: text(index + 2),
      error: { code: text(index + 3), message: `${name}\n${text(index + 4)}`, retryable: true },
    }),
  ]);
  return recordOf(images, {
    version: text(0),
    outcome: 'failed',
    exitCode: 4,
    failingSince: text(2),
    releases: { location: text(1), skipped: HOSTILE },
    map: {
      location: text(0),
      changed: true,
      revision: text(3),
      error: { code: text(1), message: text(2), retryable: false },
    },
    error: { code: text(0), message: text(1), retryable: false },
    evidence: images
      .filter(({ outcome }) => outcome === 'mirrored')
      .map((image) => evidenceFor(image)),
  });
}
