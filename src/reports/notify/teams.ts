import type { Item, List, Message } from './message.ts';

const COLOURS: Readonly<Record<Message['event'], string>> = {
  failure: 'Attention',
  recovery: 'Good',
  change: 'Accent',
};

/**
 * A message as Microsoft Teams takes it: an Adaptive Card. Foreign text stands in text runs, which
 * know no Markdown: https://adaptivecards.io/explorer/TextRun.html
 */
export function teamsMessage(message: Message): unknown {
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          msteams: { width: 'Full' },
          fallbackText: `sdr-mirror: ${message.title}`,
          body: [
            paragraph([
              run(`sdr-mirror: ${message.title}`, {
                size: 'Large',
                weight: 'Bolder',
                color: COLOURS[message.event],
              }),
            ]),
            ...message.facts.map(({ name, text }) =>
              paragraph([run(`${name}  `, { isSubtle: true }), run(text)]),
            ),
            ...message.lists.flatMap(listBlocks),
          ],
        },
      },
    ],
  };
}

function listBlocks({ title, items, more }: List): readonly unknown[] {
  return [
    paragraph([run(title, { weight: 'Bolder' })], { separator: true, spacing: 'Medium' }),
    ...items.map(itemBlock),
    ...(more === 0 ? [] : [paragraph([run(`and ${more} more`, { isSubtle: true })])]),
  ];
}

function itemBlock({ name, text, advice }: Item): unknown {
  return paragraph([
    run(name, { weight: 'Bolder' }),
    run(`  ${text}`),
    ...(advice === undefined ? [] : [run(`  ${advice}`, { isSubtle: true })]),
  ]);
}

function paragraph(
  inlines: readonly unknown[],
  rest: Readonly<Record<string, unknown>> = {},
): unknown {
  return { type: 'RichTextBlock', inlines, ...rest };
}

function run(text: string, style: Readonly<Record<string, unknown>> = {}): unknown {
  return { type: 'TextRun', text, ...style };
}
