import { formatBytes, formatDuration } from '../../measures.ts';
import type { StepTime } from '../step-times.ts';
import type { ImageRecord, RunRecord } from '../run-record.ts';
import { html, type Markup } from './markup.ts';

/** Width that bars are drawn in; the page stretches it. */
const WIDTH = 1000;

/** When each image that was worked on went through which step. Nothing where none was copied. */
export function timeline({ images, durationMs }: RunRecord): Markup | undefined {
  const worked = images
    .filter(({ steps }) => steps?.some(({ step }) => step === 'copy') === true)
    .toSorted((a, b) => startOf(a) - startOf(b));
  if (worked.length === 0) return undefined;
  const span = Math.max(durationMs, ...worked.map(endOf), 1);
  return html`<section id="timeline">
    <h2>Timeline of the copies</h2>
    <p class="legend">
      <span class="discover">discover</span> <span class="verify">verify</span>
      <span class="copy">copy</span>
    </p>
    <ol class="bars">
      ${worked.map((image) => bar(image, span))}
    </ol>
    <p class="axis">
      <span>0</span><span>${formatDuration(span / 2)}</span><span>${formatDuration(span)}</span>
    </p>
  </section>`;
}

function bar(image: ImageRecord, span: number): Markup {
  const { steps = [], copy, durationMs } = image;
  const moved = copy === undefined ? '' : ` · ${formatBytes(copy.bytes)}`;
  const label = steps
    .map(
      ({ step, startMs, durationMs }) =>
        `${step} from ${formatDuration(startMs)} for ${formatDuration(durationMs)}`,
    )
    .join(', ');
  return html`<li>
    <span class="name">${image.image}</span>
    <svg viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" role="img" aria-label="${label}">
      ${steps.map((step) => rectangle(step, span))}
    </svg>
    <span class="amount">${formatDuration(durationMs)}${moved}</span>
  </li>`;
}

function rectangle({ step, startMs, durationMs }: StepTime, span: number): Markup {
  const x = (startMs / span) * WIDTH;
  // What took no time at all is still to be seen.
  const width = Math.max((durationMs / span) * WIDTH, 2);
  return html`<rect class="${step}" x="${x.toFixed(1)}" width="${width.toFixed(1)}" height="10"
    ><title>${step}: ${formatDuration(durationMs)}</title></rect
  >`;
}

function startOf({ steps }: ImageRecord): number {
  return steps?.[0]?.startMs ?? 0;
}

function endOf({ steps }: ImageRecord): number {
  return Math.max(0, ...(steps ?? []).map(({ startMs, durationMs }) => startMs + durationMs));
}
