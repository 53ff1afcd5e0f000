import { escapeUnprintable } from '../../quote.ts';
import { formatBytes, formatDuration } from '../../measures.ts';
import { adviceFor } from '../advice.ts';
import { headline } from '../headline.ts';
import { failuresOf } from '../metrics.ts';
import { momentText } from '../page/time.ts';
import type { ImageRecord, RunRecord } from '../run-record.ts';
import type { NotifyEvent } from '../settings.ts';

/** A message for people, whatever they read it in. Titles are our own words; texts may be anybody's. */
export interface Message {
  readonly event: NotifyEvent;
  readonly title: string;
  readonly facts: readonly { readonly name: string; readonly text: string }[];
  readonly lists: readonly List[];
}

export interface List {
  readonly title: string;
  readonly items: readonly Item[];
  /** How many are left out. */
  readonly more: number;
}

export interface Item {
  /** One line. */
  readonly name: string;
  /** One line. */
  readonly text: string;
  /** Our own words. */
  readonly advice?: string;
}

const MOST_ITEMS = 10;
// Chats cut off or refuse what is too long.
const MOST_CHARACTERS = 400;

export function messageOf(record: RunRecord, event: NotifyEvent): Message {
  const { totals, map, failingSince, recoveredFrom } = record;
  const fresh = record.images.filter(isFresh);
  const unverified = fresh.filter(({ unverified }) => unverified !== undefined).length;
  return {
    event,
    title: headline(record),
    facts: [
      fact('Run', `${momentText(record.startedAt)}, ${formatDuration(record.durationMs)}`),
      fact('Map', map.location),
      ...(failingSince === undefined ? [] : [fact('Failing since', momentText(failingSince))]),
      ...(recoveredFrom === undefined ? [] : [fact('Had failed since', momentText(recoveredFrom))]),
      ...(totals.bytes === 0 ? [] : [fact('Copied', formatBytes(totals.bytes))]),
      ...(unverified === 0 ? [] : [fact('Without an accepted signature', String(unverified))]),
    ],
    lists: [list('Failed', failedItems(record)), list('Newly in use', fresh.map(freshItem))].filter(
      ({ items }) => items.length > 0,
    ),
  };
}

/** Images that the run brought into use. */
export function isFresh({ outcome }: ImageRecord): boolean {
  return outcome === 'mirrored' || outcome === 'recorded';
}

/** What failed and under which name it goes. */
export function failedItems(record: RunRecord): readonly Item[] {
  const names = new Map(
    record.images.flatMap(({ image, error }) => (error === undefined ? [] : [[error, image]])),
  );
  return failuresOf(record).map((error) => {
    const { code, message } = error;
    const own = error === record.map.error ? record.map.location : 'the whole run';
    const name = oneLine(names.get(error) ?? own);
    return { name, text: oneLine(`${code}: ${message}`), advice: adviceFor(code) };
  });
}

function freshItem({ image, target = '', unverified }: ImageRecord): Item {
  const text = unverified === undefined ? target : `${target}, NOT VERIFIED: ${unverified}`;
  return { name: oneLine(image), text: oneLine(text) };
}

function list(title: string, items: readonly Item[]): List {
  const shown = items.slice(0, MOST_ITEMS);
  return { title, items: shown, more: items.length - shown.length };
}

function fact(name: string, text: string): Message['facts'][number] {
  return { name, text: oneLine(text) };
}

/** Foreign text as it may stand in a message: one line, of bounded length, nothing hidden in it. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const cut = line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
  return escapeUnprintable(cut);
}
