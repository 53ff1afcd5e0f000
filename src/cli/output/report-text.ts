import type { ImageOutcome, ImageReport, RunReport } from '../../mirror/report.ts';
import type { Signer } from '../../signatures/signature-verifier.ts';
import { formatBytes, formatDuration, plural, printable, type Paint } from './format.ts';

const SYMBOLS = {
  mirrored: ['green', '✔'],
  recorded: ['green', '✔'],
  unchanged: ['dim', '='],
  planned: ['cyan', '+'],
  pending: ['yellow', '…'],
  failed: ['red', '✖'],
  interrupted: ['yellow', '!'],
} as const satisfies Record<ImageOutcome, readonly [string, string]>;

const OUTCOME_WIDTH = 'interrupted'.length;

/** One image on one line, or two when it failed. */
export function imageLine(image: ImageReport, paint: Paint): string {
  const [style, symbol] = SYMBOLS[image.outcome];
  const word = image.outcome === 'planned' ? (image.action ?? 'planned') : image.outcome;
  const head = `${paint(style, `${symbol} ${word.padEnd(OUTCOME_WIDTH)}`)} ${printable(image.image)}`;
  const facts: string[] = [];
  const isUseful = image.outcome !== 'failed' && image.outcome !== 'pending';
  if (isUseful && image.target !== undefined) facts.push(`→ ${printable(image.target)}`);
  if (image.copy !== undefined && image.copy.bytes > 0) facts.push(formatBytes(image.copy.bytes));
  if (image.verification !== undefined) {
    facts.push(`signed by ${printable(signerName(image.verification.signer))}`);
  }
  if (image.copy?.omitted !== undefined) {
    facts.push(paint('yellow', `WITHOUT ${printable(image.copy.omitted.join(', '))}`));
  }
  if (image.repaired !== undefined) {
    facts.push(paint('yellow', `REPAIRED: ${printable(image.reason)}`));
  }
  if (image.copy?.rewritten !== undefined) {
    const { to } = image.copy.rewritten;
    facts.push(paint('yellow', `REWRITTEN as ${to}: no signature applies to it`));
  }
  if (image.unverified !== undefined) {
    facts.push(paint('yellow', `NOT VERIFIED: ${printable(image.unverified)}`));
  }
  if (['unchanged', 'planned', 'interrupted'].includes(image.outcome)) {
    facts.push(`(${printable(image.reason)})`);
  }
  const line = [head, ...facts].join('  ');
  if (isUseful) return line;
  const code = image.error === undefined ? '' : `${paint(style, printable(image.error.code))}: `;
  return `${line}\n    ${code}${printable(image.reason)}`;
}

/** What came of the run, in a few lines. */
export function summaryText(report: RunReport, paint: Paint): string {
  const { totals, map, releases } = report;
  const counts = (
    ['mirrored', 'recorded', 'unchanged', 'planned', 'pending', 'failed', 'interrupted'] as const
  )
    .filter((outcome) => totals[outcome] > 0)
    .map((outcome) => {
      const text = `${totals[outcome]} ${outcome}`;
      return outcome === 'failed' ? paint('red', text) : text;
    });
  const lines = releases.skipped.map(
    (entry) => `${paint('yellow', '! skipped')}  ${printable(entry)}`,
  );
  const moved = totals.bytes > 0 ? `, ${formatBytes(totals.bytes)} copied` : '';
  lines.push(
    '',
    `${plural(report.images.length, 'image')}: ${counts.join(', ') || 'nothing announced'}${moved}, in ${formatDuration(report.durationMs)}`,
    `Map ${printable(map.location)}: ${mapState(report)}`,
  );
  if (map.error !== undefined) {
    lines.push(`    ${paint('red', printable(map.error.code))}: ${printable(map.error.message)}`);
  }
  if (report.verify !== 'enforce') {
    lines.push(
      paint(
        'yellow',
        `Signatures are not enforced (verify.mode: ${report.verify}): images without an accepted signature are mirrored.`,
      ),
    );
  }
  if (report.interrupted) lines.push(paint('yellow', 'Interrupted: the next run does the rest.'));
  return lines.join('\n');
}

function mapState({ map, until }: RunReport): string {
  if (map.error !== undefined) return 'could not be written; the next run records what is missing';
  if (until !== 'publish') return 'not touched';
  return map.changed ? 'updated' : 'nothing to change';
}

/** Who signed, in one short text. */
export function signerName(signer: Signer): string {
  return signer.kind === 'key' ? `key ${signer.name}` : signer.subject;
}
