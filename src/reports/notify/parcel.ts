import type { RunRecord } from '../run-record.ts';
import type { Parcel } from '../send.ts';
import type { NotifySettings } from '../settings.ts';
import { eventOf } from './event.ts';
import { jsonMessage } from './json.ts';
import { messageOf } from './message.ts';
import { slackMessage } from './slack.ts';
import { teamsMessage } from './teams.ts';

/** The message about a run, ready to be sent; `undefined` where there is nothing to tell. */
export function notification(
  record: RunRecord,
  { webhook, format, on }: NotifySettings,
): Parcel | undefined {
  const event = eventOf(record, on);
  if (event === undefined) return undefined;
  const body = {
    json: () => jsonMessage(record, event),
    slack: () => slackMessage(messageOf(record, event)),
    teams: () => teamsMessage(messageOf(record, event)),
  }[format]();
  return {
    to: 'the webhook of notify.webhook',
    url: webhook,
    contentType: 'application/json',
    body: JSON.stringify(body),
    hint: `Check that notify.webhook still exists and that it takes what notify.format: ${format} sends.`,
  };
}
