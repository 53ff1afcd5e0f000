import { formatBytes, formatDuration, plural } from '../../measures.ts';
import type { ImageRecord, RunRecord } from '../run-record.ts';
import { html, type Markup } from './markup.ts';

/** What this run brought into use, and why. Nothing where it brought nothing. */
export function changes({ images }: RunRecord): Markup | undefined {
  const fresh = images.filter(({ outcome }) => outcome === 'mirrored' || outcome === 'recorded');
  if (fresh.length === 0) return undefined;
  return html`<section id="changes">
    <h2>What changed</h2>
    <ul class="cards">
      ${fresh.map(change)}
    </ul>
  </section>`;
}

function change(image: ImageRecord): Markup {
  const { target, digest, copy, outcome, reason, unverified } = image;
  return html`<li class="card ${unverified === undefined ? outcome : 'unverified'}">
    <h3>${image.image}</h3>
    <p class="to">→ <code>${target}</code></p>
    <p class="digest"><code>${digest}</code></p>
    <p class="small">
      ${outcome === 'mirrored' ? 'Mirrored' : 'Recorded'}: ${reason}. ${amounts(image)}
    </p>
    ${
      copy?.omitted === undefined
        ? undefined
        : html`<p class="small">
            Without these platforms, as was asked for: ${copy.omitted.join(', ')}.
          </p>`
    }${
      copy?.rewritten === undefined
        ? undefined
        : html`<p class="message">
            <span class="code">REWRITTEN</span> as <code>${copy.rewritten.to}</code>: no signature
            applies to it.
          </p>`
    }${
      unverified === undefined
        ? undefined
        : html`<p class="message"><span class="code">NOT VERIFIED</span> ${unverified}</p>`
    }
  </li>`;
}

function amounts({ copy, size, durationMs }: ImageRecord): string {
  if (copy === undefined) return '';
  const { bytes, blobs, attachments } = copy;
  const all = size === undefined || size <= bytes ? '' : ` of ${formatBytes(size)}`;
  const there = blobs.mounted + blobs.present;
  return `${[
    bytes === 0
      ? 'Nothing had to be copied'
      : `${formatBytes(bytes)}${all} copied in ${formatDuration(durationMs)}`,
    ...(bytes === 0 || there === 0
      ? []
      : [`${there} of ${plural(there + blobs.uploaded, 'blob')} found at the target`]),
    ...(attachments === 0 ? [] : [`with ${plural(attachments, 'attachment')}`]),
  ].join(', ')}.`;
}
