import type { Item, List, Message } from './message.ts';

const SIGNS: Readonly<Record<Message['event'], string>> = {
  failure: ':red_circle:',
  recovery: ':large_green_circle:',
  change: ':large_blue_circle:',
};
/** Of a section's text: https://docs.slack.dev/reference/block-kit/blocks/section-block */
const MOST_CHARACTERS = 3000;

/**
 * A message as Slack takes it, and as Mattermost and others do that know Slack's `text` only. Foreign
 * text stands in code spans: there neither of them looks for links, mentions or markup.
 */
export function slackMessage(message: Message): unknown {
  const title = `${SIGNS[message.event]} *sdr-mirror: ${message.title}*`;
  const facts = message.facts.map(({ name, text }) => `${name}: ${code(text)}`).join('\n');
  const parts = [title, facts, ...message.lists.map(listText)];
  return {
    text: parts.join('\n\n'),
    blocks: parts.map((part) => ({
      type: 'section',
      text: { type: 'mrkdwn', text: part, verbatim: true },
    })),
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** As many items as fit. */
function listText({ title, items, more }: List): string {
  const lines = [`*${title}*`];
  let left = MOST_CHARACTERS - lines.join('').length - 40;
  const fitting = items.map(itemText).filter((text) => {
    left -= text.length + 1;
    return left > 0;
  });
  const missing = more + items.length - fitting.length;
  return [...lines, ...fitting, ...(missing === 0 ? [] : [`and ${missing} more`])].join('\n');
}

function itemText({ name, text, advice }: Item): string {
  const next = advice === undefined ? '' : `\n   ${escape(advice)}`;
  return `• ${code(name)} ${code(text)}${next}`;
}

function code(text: string): string {
  return text === '' ? '' : `\`${escape(text.replaceAll('`', 'ʼ'))}\``;
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
