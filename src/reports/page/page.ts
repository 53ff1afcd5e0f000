import { createHash } from 'node:crypto';
import { formatDuration, plural } from '../../measures.ts';
import { headline } from '../headline.ts';
import type { RunRecord } from '../run-record.ts';
import { attention } from './attention.ts';
import { changes } from './changes.ts';
import { html, Markup, type Content } from './markup.ts';
import { proof } from './proof.ts';
import { STYLE } from './style.ts';
import { tiles } from './tiles.ts';
import { moment } from './time.ts';
import { timeline } from './timeline.ts';

// Nothing may be loaded and nothing may run, whatever a name in the report would like.
// Made here rather than in the template, where a formatter may add white space: the hash is of every byte.
const STYLE_ELEMENT = new Markup(`<style>${STYLE}</style>`);
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;

/** A report of a run for people: one page that loads nothing and runs no script. Pure. */
export function renderPage(record: RunRecord): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <meta name="referrer" content="no-referrer" />
        <title>${headline(record)} · sdr-mirror</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        ${head(record)}
        <main>
          ${notices(record)} ${tiles(record)} ${attention(record)} ${changes(record)}
          ${timeline(record)} ${proof(record)}
        </main>
        ${foot(record)}
      </body>
    </html> `;
  return page.toString();
}

function head(record: RunRecord): Markup {
  const { map, outcome, releases } = record;
  return html`<header>
    <p class="product">sdr-mirror <span>report of a run</span></p>
    <h1 class="${outcome}">${headline(record)}</h1>
    <dl class="facts">
      ${fact('Ran', [moment(record.startedAt), `, for ${formatDuration(record.durationMs)}`])}
      ${fact('Map', [html`<code>${map.location}</code>`, ` ${mapState(record)}`])}
      ${map.revision === undefined ? undefined : fact('Revision', html`<code>${map.revision}</code>`)}
      ${fact('Releases', html`<code>${releases.location}</code>`)}
    </dl>
  </header>`;
}

function fact(name: string, content: Content): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${content}</dd>
  </div>`;
}

function mapState({ map }: RunRecord): string {
  if (map.error !== undefined) return 'could not be written';
  return map.changed ? 'was changed' : 'was not changed';
}

function notices({
  verify,
  failingSince,
  recoveredFrom,
  lastSuccessAt,
  interrupted,
}: RunRecord): Markup {
  return html`${
    verify === 'enforce'
      ? undefined
      : html`<p class="notice warn">
          <strong>Signatures are not enforced.</strong> <code>verify.mode</code> is
          <code>${verify}</code>: images without an accepted signature are mirrored.
        </p>`
  }${
    interrupted
      ? html`<p class="notice warn">
          <strong>The run was told to stop.</strong> The next one does the rest.
        </p>`
      : undefined
  }${
    failingSince === undefined
      ? undefined
      : html`<p class="notice bad">
          <strong>Runs have failed since ${moment(failingSince)}.</strong> ${
            lastSuccessAt === undefined
              ? 'No success is remembered.'
              : html`The last success was at ${moment(lastSuccessAt)}.`
          }
        </p>`
  }${
    recoveredFrom === undefined
      ? undefined
      : html`<p class="notice good">
          <strong>Recovered.</strong> Runs had failed since ${moment(recoveredFrom)}.
        </p>`
  }`;
}

function foot({ version, exitCode, finishedAt, totals }: RunRecord): Markup {
  return html`<footer>
    <p>
      sdr-mirror ${version} · exit code ${exitCode} · ${plural(totals.requests, 'request')} to
      registries · finished ${moment(finishedAt)}
    </p>
  </footer>`;
}
