import {
  isProblem,
  type ImageStatus,
  type NoteKind,
  type ProblemKind,
  type StatusReport,
} from '../../mirror/status-report.ts';
import { formatDuration, plural, printable, type Paint } from './format.ts';

const WORD_WIDTH = 'unmirrored'.length;

/** One image on one line, and what was found of it below. */
export function statusLine({ image, target, findings }: ImageStatus, paint: Paint): string {
  const [style, symbol, word] = headOf(findings);
  const place = target === undefined ? '' : `  → ${printable(target)}`;
  const head = `${paint(style, `${symbol} ${word.padEnd(WORD_WIDTH)}`)} ${printable(image)}${place}`;
  const details = findings.map((finding) => {
    const code = finding.error === undefined ? '' : `${finding.error.code}: `;
    const kind = findings.length === 1 ? '' : `${finding.kind}: `;
    return `    ${kind}${paint(isProblem(finding) ? 'red' : 'yellow', code)}${printable(finding.detail)}`;
  });
  return [head, ...details].join('\n');
}

function headOf(
  findings: ImageStatus['findings'],
): readonly ['red' | 'yellow' | 'green', string, string] {
  const problem = findings.find(isProblem);
  if (problem !== undefined) return ['red', '✖', problem.kind];
  const [note] = findings;
  return note === undefined ? ['green', '✔', 'well'] : ['yellow', '!', note.kind];
}

const COUNTED = [
  'unmirrored',
  'missing',
  'drifted',
  'incomplete',
  'unsigned',
  'unmapped',
  'unchecked',
  'foreign',
  'stale',
  'withdrawn',
] as const satisfies readonly (ProblemKind | NoteKind)[];

/** What was found, in a few lines. */
export function statusSummary(report: StatusReport, paint: Paint): string {
  const { totals, map, images, releases } = report;
  const counts = COUNTED.filter((kind) => totals[kind] > 0).map(
    (kind) => `${totals[kind]} ${kind}`,
  );
  const all = [...(totals.well > 0 ? [`${totals.well} well`] : []), ...counts];
  const lines = [
    ...releases.skipped.map((entry) => `${paint('yellow', '! skipped')}  ${printable(entry)}`),
    '',
    `${plural(images.length, 'image')}: ${all.join(', ') || 'nothing announced, nothing in the map'}, in ${formatDuration(report.durationMs)}`,
    `Map ${printable(map.location)}: ${map.revision === undefined ? 'there is none yet' : 'read, not touched'}`,
  ];
  if (map.others === 1) lines.push('1 entry of the map is of others, and was not looked at.');
  if (map.others > 1)
    lines.push(`${map.others} entries of the map are of others, and were not looked at.`);
  if (!report.signatures) {
    lines.push(
      paint('yellow', 'Signatures were not looked for: they are not verified, or not copied.'),
    );
  }
  return lines.join('\n');
}
