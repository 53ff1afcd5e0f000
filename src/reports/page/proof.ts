import type { Signer } from '../../signatures/signature-verifier.ts';
import type { Evidence } from '../evidence.ts';
import { formatBytes } from '../../measures.ts';
import type { ImageRecord, RunRecord } from '../run-record.ts';
import { html, type Content, type Markup } from './markup.ts';
import { moment } from './time.ts';

/** An image in use, and what is known of who proved it. */
interface Used {
  readonly image: ImageRecord;
  readonly evidence: Evidence | undefined;
}

/** What is in use, grouped by who signed it. */
export function proof(record: RunRecord): Markup | undefined {
  const byTarget = new Map(record.evidence.map((evidence) => [evidence.target, evidence]));
  const used = record.images
    .filter(({ outcome }) => ['mirrored', 'recorded', 'unchanged'].includes(outcome))
    .map((image) => ({ image, evidence: byTarget.get(image.target ?? '') }));
  if (used.length === 0) return undefined;
  const groups = Map.groupBy(used, ({ evidence }) => signerKey(evidence));
  // What nobody vouches for comes first.
  const ordered = [...groups].toSorted(([a], [b]) => a.localeCompare(b));
  return html`<section id="proof">
    <h2>In use, and proved by whom</h2>
    ${ordered.map(([, group]) => signedBy(group))}
  </section>`;
}

function signerKey(evidence: Evidence | undefined): string {
  if (evidence?.unverified !== undefined) return '0';
  const signer = evidence?.verification?.signer;
  if (signer === undefined) return '1';
  return signer.kind === 'key' ? `2 ${signer.name}` : `3 ${signer.subject} ${signer.issuer}`;
}

function signedBy(group: readonly Used[]): Markup {
  const evidence = group[0]?.evidence;
  const count = html`<span class="count">${group.length}</span>`;
  return html`<div class="group">
    ${titleOf(evidence, count)}
    <table>
      <thead>
        <tr>
          <th scope="col">Image</th>
          <th scope="col">At the target</th>
          <th scope="col">Signed</th>
          <th scope="col">Log entry</th>
        </tr>
      </thead>
      <tbody>
        ${group.map(row)}
      </tbody>
    </table>
  </div>`;
}

function titleOf(evidence: Evidence | undefined, count: Markup): Markup {
  if (evidence?.unverified !== undefined) {
    return html`<h3 class="bad">Mirrored without an accepted signature ${count}</h3>`;
  }
  const signer = evidence?.verification?.signer;
  return signer === undefined
    ? html`<h3>At the target before, signer not remembered ${count}</h3>
        <p class="small">
          Images that are in use already are not verified again. <code>mirror verify</code> says who
          signed them.
        </p>`
    : html`<h3>${nameOf(signer)} ${count}</h3>
        ${issuerOf(signer)}`;
}

function nameOf(signer: Signer): Content {
  return signer.kind === 'key'
    ? ['Key ', html`<code>${signer.name}</code>`]
    : html`<code>${signer.subject}</code>`;
}

function issuerOf(signer: Signer): Markup | undefined {
  return signer.kind === 'key'
    ? undefined
    : html`<p class="small">Vouched for by <code>${signer.issuer}</code></p>`;
}

function row({ image, evidence }: Used): Markup {
  const found = evidence?.verification;
  const more = (found?.coSignatures?.length ?? 0) + (found?.attestations?.length ?? 0);
  return html`<tr>
    <td data-name="Image">
      <span class="image">${image.image}</span
      >${image.outcome === 'unchanged' ? undefined : html` <span class="new">new</span>`}
    </td>
    <td data-name="At the target">
      <code>${image.target}</code><code class="digest">${image.digest}</code>${kindOf(evidence)}
    </td>
    <td data-name="Signed">
      ${found?.signedAt === undefined ? '–' : moment(found.signedAt)}${more === 0 ? undefined : html`<span class="small"> and ${more} more</span>`}
    </td>
    <td data-name="Log entry">${found?.logIndex ?? '–'}</td>
  </tr>`;
}

/** For which platforms it is, and how large; nothing where an earlier run has not said so. */
function kindOf({ platforms = [], size }: Partial<Evidence> = {}): Markup | undefined {
  const parts = [...platforms, ...(size === undefined ? [] : [formatBytes(size)])];
  return parts.length === 0 ? undefined : html`<span class="small">${parts.join(', ')}</span>`;
}
