import { plural } from '../../measures.ts';
import { failedItems } from '../../reports/notify/message.ts';
import type { RunRecord } from '../../reports/run-record.ts';
import type { Annotation } from './workflow-commands.ts';

/** GitHub shows ten of each level for a step; the last tells of those that are left out. */
const MOST = 10;

/** What of a run deserves a mark of its own. Pure. */
export function annotationsOf(record: RunRecord): readonly Annotation[] {
  const items = failedItems(record);
  const shown = items.length > MOST ? items.slice(0, MOST - 1) : items;
  const rest = items.length - shown.length;
  return [
    ...shown.map(({ name, text, advice = '' }): Annotation => ({
      level: 'error',
      title: name,
      message: `${text}\n${advice}`,
    })),
    ...(rest === 0
      ? []
      : [
          {
            level: 'error',
            title: plural(rest, 'more failure'),
            message: 'All of them are in the summary of this run and in its report.',
          } as const,
        ]),
    ...warningsOf(record),
  ];
}

function warningsOf({ verify, interrupted, totals }: RunRecord): readonly Annotation[] {
  return [
    ...(verify === 'enforce'
      ? []
      : [
          warning(
            'Signatures are not enforced',
            `verify.mode is ${verify}: images without an accepted signature are mirrored.`,
          ),
        ]),
    ...(interrupted ? [warning('Interrupted', 'The next run does the rest.')] : []),
    ...(totals.pending === 0
      ? []
      : [
          warning(
            `${plural(totals.pending, 'image')} not usable yet`,
            'A signature may still come; the next run looks again.',
          ),
        ]),
  ];
}

function warning(title: string, message: string): Annotation {
  return { level: 'warning', title, message };
}
