import * as v from 'valibot';
import { ConfigError } from '../../errors.ts';
import { parseDuration } from '../../settings/duration.ts';
import { about, text, withDefault, type Schema } from '../../settings/fields.ts';

/** As written: `90s`, `4h`. */
export interface TimeoutsSettings {
  readonly silence: string;
  readonly image: string;
  readonly run: string;
}

/** Timers of Node count no further than some 24 days. */
const LONGEST_SECONDS = 7 * 24 * 60 * 60;

function checkTimeout(written: string): void {
  const seconds = parseDuration(written);
  if (seconds >= 1 && seconds <= LONGEST_SECONDS) return;
  throw new ConfigError('must be from 1s to 7d: nothing may wait for ever');
}

export const timeoutsSchema: Schema<TimeoutsSettings> = about(
  v.strictObject({
    silence: withDefault(
      text(
        {
          title: 'Silence',
          description:
            'How long a registry may say nothing while it is its turn. Then the connection is given up, and a transfer goes on where it was cut.',
          examples: ['60s'],
        },
        checkTimeout,
      ),
      '60s',
    ),
    image: withDefault(
      text(
        {
          title: 'Image',
          description:
            'How long one image may take from its first request to its tag. Then it has failed; what has reached the target stays there, and the next run goes on from it.',
          examples: ['4h'],
        },
        checkTimeout,
      ),
      '4h',
    ),
    run: withDefault(
      text(
        {
          title: 'Run',
          description:
            'How long a run may take. Then it has failed: images in flight are given up, what is finished is published.',
          examples: ['24h'],
        },
        checkTimeout,
      ),
      '24h',
    ),
  }),
  {
    title: 'Timeouts',
    description: 'After which time something is given up that does not end by itself.',
  },
);
