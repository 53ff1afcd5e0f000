import type { ErrorReport } from '../../mirror/report.ts';
import { adviceFor } from '../advice.ts';
import type { ImageRecord, RunRecord } from '../run-record.ts';
import { html, type Markup } from './markup.ts';

/** What failed and what is not usable yet, each with what to do. Nothing where all is well. */
export function attention(record: RunRecord): Markup | undefined {
  const { error, map, images, releases } = record;
  const failed = images.filter(({ outcome }) => outcome === 'failed');
  const pending = images.filter(({ outcome }) => outcome === 'pending');
  const cards = [
    error === undefined ? undefined : card('The whole run', error),
    map.error === undefined ? undefined : card(map.location, map.error),
    ...failed.map((image) => imageCard(image, 'failed')),
    ...pending.map((image) => imageCard(image, 'pending')),
    releases.skipped.length === 0 ? undefined : skippedCard(releases.skipped),
  ].filter((each) => each !== undefined);
  if (cards.length === 0) return undefined;
  return html`<section id="attention">
    <h2>Needs attention</h2>
    <ul class="cards">
      ${cards}
    </ul>
  </section>`;
}

function imageCard(
  { image, error, reason, target }: ImageRecord,
  kind: 'failed' | 'pending',
): Markup {
  const told = error ?? { code: 'UNEXPECTED', message: reason, retryable: true };
  return card(image, told, { kind, ...(target === undefined ? {} : { target }) });
}

function card(
  name: string,
  { code, message, retryable }: ErrorReport,
  {
    kind = 'failed',
    target,
  }: { readonly kind?: 'failed' | 'pending'; readonly target?: string } = {},
): Markup {
  const next = retryable
    ? 'The next run tries again by itself.'
    : 'It stays so until somebody acts.';
  return html`<li class="card ${kind}">
    <h3>${name}</h3>
    <p>
      <span class="code">${code}</span>
      ${target === undefined ? undefined : html`<span class="where">for <code>${target}</code></span>`}
    </p>
    <p class="message">${message}</p>
    <p class="advice">
      <strong>What to do</strong>
      ${kind === 'pending' ? 'Wait: its signature may still come.' : withCode(adviceFor(code))}
      <span class="next">${next}</span>
    </p>
  </li>`;
}

function skippedCard(skipped: readonly string[]): Markup {
  return html`<li class="card pending">
    <h3>Announced, but no usable image</h3>
    <ul class="skipped">
      ${skipped.map((entry) => html`<li>${entry}</li>`)}
    </ul>
    <p class="advice"><strong>What to do</strong> Tell the vendor, unless you know why.</p>
  </li>`;
}

/** Text of our own in which back ticks set off what is to be typed. */
function withCode(text: string): Markup[] {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}
