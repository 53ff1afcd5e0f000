import * as v from 'valibot';
import { parsePostUrl } from '../../reports/addresses.ts';
import type { NotifyEvent, NotifyFormat } from '../../reports/settings.ts';
import type { Secret } from '../../secret.ts';
import {
  about,
  oneOf,
  optional,
  secret,
  secretFile,
  withDefault,
  type Schema,
} from '../../settings/fields.ts';

export interface NotifySchemaSettings {
  readonly webhook?: Secret;
  readonly webhookFile?: Secret;
  readonly on: readonly NotifyEvent[];
  readonly format?: NotifyFormat;
}

const entries = v.strictObject({
  webhook: optional(
    secret(
      {
        title: 'Webhook',
        description: 'The URL that messages are posted to. A secret: it is never shown.',
        examples: ['${SLACK_WEBHOOK}'],
      },
      parsePostUrl,
    ),
  ),
  webhookFile: optional(
    secretFile(
      {
        title: 'File of the webhook',
        description: 'A file that holds the URL, instead of `webhook`: a mounted secret.',
        examples: ['/run/secrets/slack-webhook'],
      },
      parsePostUrl,
    ),
  ),
  on: withDefault(
    about(
      v.pipe(
        v.array(
          oneOf(['failure', 'change', 'recovery'], {
            title: 'Event',
            description:
              '`failure`: a run failed, every time. `change`: images were mirrored or the map changed. `recovery`: the first success after failures.',
          }),
        ),
        v.nonEmpty('names no event: leave out the whole section to send nothing'),
      ),
      { title: 'Events', description: 'What is told. A run sends one message at most.' },
    ),
    ['failure', 'change', 'recovery'],
  ),
  format: optional(
    oneOf(['json', 'slack', 'teams'], {
      title: 'Format',
      description:
        'What the receiver understands: `slack` is for Slack, Mattermost and the like, `teams` for Microsoft Teams, `json` for a program. Default: by the host of the webhook.',
    }),
  ),
});

export const notifySchema: Schema<NotifySchemaSettings> = about(
  v.pipe(
    entries,
    v.partialCheck(
      [['webhook'], ['webhookFile']],
      ({ webhook, webhookFile }) => webhook !== undefined || webhookFile !== undefined,
      'says not where messages go: give webhook or webhookFile',
    ),
  ),
  {
    title: 'Notifications',
    description: 'Whom a run tells. A message that cannot be delivered is a warning.',
  },
);
