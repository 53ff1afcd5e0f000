import * as v from 'valibot';
import { parsePostUrl } from '../../reports/addresses.ts';
import type { Secret } from '../../secret.ts';
import {
  about,
  flag,
  optional,
  secret,
  secretFile,
  text,
  withDefault,
  type About,
  type Schema,
} from '../../settings/fields.ts';

export interface ReportSettings {
  readonly json?: string;
  readonly html?: string;
  readonly metrics?: string;
  readonly pushgateway?: Secret;
  readonly pushgatewayFile?: Secret;
  readonly besideMap: boolean;
}

function file(info: About): Schema<string> {
  return text({ ...info, role: 'folder' });
}

export const reportSchema: Schema<ReportSettings> = about(
  v.strictObject({
    json: optional(
      file({
        title: 'Report as JSON',
        description: 'What was decided about each image and why, as `report.schema.json` has it.',
        examples: ['report.json', 'report-${JOB_COMPLETION_INDEX:-0}.json'],
      }),
    ),
    html: optional(
      file({
        title: 'Report as a page',
        description: 'The same for people: one file that loads nothing and runs no script.',
        examples: ['report.html'],
      }),
    ),
    metrics: optional(
      file({
        title: 'Metrics',
        description:
          "Metrics in Prometheus' text format, for node_exporter's textfile collector, which reads files that end in `.prom`.",
        examples: ['/var/lib/node_exporter/mirror.prom'],
      }),
    ),
    pushgateway: optional(
      secret(
        {
          title: 'Pushgateway',
          description:
            'The same metrics are sent to this Pushgateway. A URL with `/metrics/job/` in its path is taken as it is; to any other, the job `sdr_mirror` and the location of the map are added. User and password may stand before the host.',
          examples: ['http://pushgateway.monitoring:9091'],
        },
        parsePostUrl,
      ),
    ),
    pushgatewayFile: optional(
      secretFile(
        {
          title: 'File of the Pushgateway',
          description: 'A file that holds the URL, instead of `pushgateway`.',
          examples: ['/run/secrets/pushgateway'],
        },
        parsePostUrl,
      ),
    ),
    besideMap: withDefault(
      flag({
        title: 'Beside the map',
        description:
          "Whether `report.json` is kept in the map's store too, under the map's name and `.report.json`, that of a shard `.report-0-of-4.json`. It is what the next run remembers this one by where no file survives.",
      }),
      false,
    ),
  }),
  {
    title: 'Reports',
    description:
      'What each run leaves behind. Files are replaced in one step, their folders made where they are missing; paths are relative to the configuration file. A report that cannot be written is a warning and fails no run.',
  },
);
