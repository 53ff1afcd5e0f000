import type { ImageOutcome } from '../../mirror/report.ts';
import { formatBytes } from '../../measures.ts';
import type { RunRecord } from '../run-record.ts';
import { html, type Markup } from './markup.ts';

const ALWAYS: readonly ImageOutcome[] = ['mirrored', 'recorded', 'unchanged', 'failed'];
const IF_ANY: readonly ImageOutcome[] = ['pending', 'planned', 'interrupted'];

/** The run in numbers. */
export function tiles({ totals, images }: RunRecord): Markup {
  const shown = [...ALWAYS, ...IF_ANY.filter((outcome) => totals[outcome] > 0)];
  return html`<section class="tiles" aria-label="Numbers">
    ${tile('images', String(images.length))}
    ${shown.map((outcome) => tile(outcome, String(totals[outcome]), totals[outcome] > 0 ? outcome : ''))}
    ${tile('copied', formatBytes(totals.bytes))}
  </section>`;
}

function tile(name: string, value: string, kind = ''): Markup {
  return html`<div class="tile ${kind}"><strong>${value}</strong><span>${name}</span></div>`;
}
