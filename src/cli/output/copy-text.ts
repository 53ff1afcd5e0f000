import type { ImageReport } from '../../mirror/report.ts';
import { formatDuration, printable, type Paint } from './format.ts';
import { imageLine } from './report-text.ts';

/** What came of one copied image: what it is, what of it was sent, and what goes with it. */
export function copyText(report: ImageReport, paint: Paint): string {
  const rows = detailRows(report).map(
    ([name, value]) => `    ${paint('dim', name.padEnd(16))} ${printable(value)}`,
  );
  return `${[imageLine(report, paint), ...rows].join('\n')}\n`;
}

function detailRows(report: ImageReport): readonly (readonly [name: string, value: string])[] {
  const { copy, digest, outcome, reason } = report;
  if (copy === undefined || digest === undefined) return [];
  const { uploaded, mounted, present } = copy.blobs;
  const blobs = [
    [uploaded, 'sent'],
    [mounted, 'mounted'],
    [present, 'there already'],
  ] as const;
  const counted = blobs.filter(([count]) => count > 0).map(([count, how]) => `${count} ${how}`);
  const { attachments } = copy;
  const kinds =
    attachments === 1 ? 'signature, attestation or SBOM' : 'signatures, attestations or SBOMs';
  return [
    ['digest', digest],
    ...(outcome === 'mirrored' ? [['why', reason] as const] : []),
    ...(counted.length === 0 ? [] : [['blobs', counted.join(', ')] as const]),
    ['attached', attachments === 0 ? 'nothing' : `${attachments} ${kinds}`],
    ['time', formatDuration(report.durationMs)],
  ];
}
