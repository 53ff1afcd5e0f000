import { formatBytes, formatDuration, plural } from '../measures.ts';
import { escapeUnprintable } from '../quote.ts';
import { headline } from './headline.ts';
import { failedItems, isFresh } from './notify/message.ts';
import type { ImageRecord, RunRecord } from './run-record.ts';

const MARKS: Readonly<Record<RunRecord['outcome'], string>> = {
  succeeded: '✅',
  failed: '❌',
  interrupted: '⚠️',
};

/** GitHub takes 1 MiB; a table of so many rows stays far below it. */
const MOST_ROWS = 500;
const MOST_CHARACTERS = 600;

/**
 * A run in Markdown as GitHub shows it: what came of it, what failed and what to do, what is new.
 * Pure. Nothing that others wrote is taken for markup.
 */
export function renderSummary(record: RunRecord): string {
  const { map, outcome } = record;
  return [
    `## ${MARKS[outcome]} ${headline(record)}`,
    facts(record),
    ...warnings(record).map((text) => `> [!WARNING]\n> ${text}`),
    ...failures(record),
    ...table('Newly in use', ['image', 'at the target', 'size', 'signed by'], record, isFresh),
    ...table('Not usable yet', ['image', 'why'], record, ({ outcome }) => outcome === 'pending'),
    ...table('To be done', ['image', 'at the target', 'why'], record, isPlanned),
    ...details(record),
    `Map ${code(map.location)} ${mapState(record)}.`,
    '',
  ].join('\n\n');
}

function facts({ images, totals, durationMs }: RunRecord): string {
  const parts = [
    plural(images.length, 'image'),
    ...(
      ['mirrored', 'recorded', 'unchanged', 'planned', 'pending', 'failed', 'interrupted'] as const
    )
      .filter((outcome) => totals[outcome] > 0)
      .map((outcome) => `${totals[outcome]} ${outcome}`),
    ...(totals.bytes > 0 ? [`${formatBytes(totals.bytes)} copied`] : []),
    formatDuration(durationMs),
  ];
  return parts.join(' · ');
}

function warnings({ verify, interrupted, failingSince }: RunRecord): readonly string[] {
  return [
    ...(verify === 'enforce'
      ? []
      : [
          `Signatures are not enforced (\`verify.mode: ${verify}\`): images without an accepted signature are mirrored.`,
        ]),
    ...(interrupted ? ['The run was told to stop. The next one does the rest.'] : []),
    ...(failingSince === undefined ? [] : [`Runs have failed since ${plain(failingSince)}.`]),
  ];
}

function failures(record: RunRecord): readonly string[] {
  const items = failedItems(record);
  if (items.length === 0) return [];
  const shown = items.slice(0, MOST_ROWS).map(({ name, text, advice = '' }) =>
    // Advice is our own Markdown.
    [`- ${code(name)}<br>${plain(text)}`, `  <br>**What to do:** ${advice}`].join('\n'),
  );
  return ['### Failed', [...shown, ...more(items.length)].join('\n')];
}

const CELLS: Readonly<Record<string, (image: ImageRecord) => string>> = {
  image: ({ image }) => code(image),
  'at the target': ({ target = '' }) => code(target),
  why: ({ reason }) => plain(reason),
  size: ({ size, copy }) => {
    const bytes = size ?? copy?.bytes;
    return bytes === undefined ? '' : formatBytes(bytes);
  },
  'signed by': ({ verification, unverified }) => {
    if (unverified !== undefined) return `⚠️ not verified: ${plain(unverified)}`;
    const signer = verification?.signer;
    if (signer === undefined) return '';
    return signer.kind === 'key' ? `key ${code(signer.name)}` : code(signer.subject);
  },
};

function table(
  title: string,
  columns: readonly string[],
  { images }: RunRecord,
  isIn: (image: ImageRecord) => boolean,
): readonly string[] {
  const rows = images.filter(isIn);
  if (rows.length === 0) return [];
  return [
    `### ${title}`,
    [
      line(columns),
      line(columns.map(() => '---')),
      ...rows
        .slice(0, MOST_ROWS)
        .map((image) => line(columns.map((column) => CELLS[column]?.(image) ?? ''))),
    ].join('\n'),
    ...more(rows.length),
  ];
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function isPlanned({ outcome }: ImageRecord): boolean {
  return outcome === 'planned';
}

/** What needs no attention, folded away. */
function details({ images, releases }: RunRecord): readonly string[] {
  const unchanged = images.filter(({ outcome }) => outcome === 'unchanged');
  return [
    ...fold(
      plural(unchanged.length, 'unchanged image'),
      unchanged.map(({ image }) => code(image)),
    ),
    ...fold('Announced, but no usable image', releases.skipped.map(plain)),
  ];
}

function fold(title: string, entries: readonly string[]): readonly string[] {
  if (entries.length === 0) return [];
  const items = entries.slice(0, MOST_ROWS).map((entry) => `<li>${entry}</li>`);
  return [
    `<details><summary>${title}</summary><ul>${items.join('')}</ul></details>`,
    ...more(entries.length),
  ];
}

function more(count: number): readonly string[] {
  return count > MOST_ROWS ? [`…and ${count - MOST_ROWS} more, in the report.`] : [];
}

function mapState({ map }: RunRecord): string {
  if (map.error !== undefined) return 'could not be written';
  return map.changed ? 'was changed' : 'was not changed';
}

function code(text: string): string {
  return text === '' ? '' : `<code>${plain(text)}</code>`;
}

/**
 * Foreign text as text: whatever could be HTML, Markdown, a mention, an issue or a link is written as an
 * entity, which GitHub shows and does not interpret.
 */
function plain(text: string): string {
  const line = escapeUnprintable(text.replaceAll(/\s+/g, ' ').trim());
  const cut = line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
  return cut.replaceAll(/[^\p{L}\p{N} /-]/gu, (character) => `&#${character.codePointAt(0)};`);
}
