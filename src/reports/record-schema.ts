import * as v from 'valibot';
import type { RunRecord } from './run-record.ts';
import { evidence } from './record-schema/evidence.ts';
import { bytes, count, milliseconds, text, time } from './record-schema/fields.ts';
import { errorReport, image } from './record-schema/image.ts';

const totals = v.pipe(
  v.object({
    mirrored: count('Copied, verified and entered into the map.'),
    recorded: count('At the target already; verified and entered into the map.'),
    unchanged: count('Nothing to do.'),
    planned: count('Would be mirrored or recorded; the run stopped short of it on purpose.'),
    pending: count('Not usable yet, looked at again by the next run; no failure.'),
    failed: count('See `error` of the image.'),
    interrupted: count('The run was told to stop before it was done.'),
    bytes: bytes('Bytes of blobs sent to the target.'),
    requests: count(
      'Requests sent to registries for the images; asking once more before the map names them comes on top.',
    ),
  }),
  v.description('Images by how they came out.'),
);

const releases = v.object({
  location: text('Where the list of releases came from.'),
  skipped: v.pipe(
    v.array(v.string()),
    v.description('Announced entries without a usable image, in words.'),
  ),
});

const map = v.object({
  location: text('Where the map lies.'),
  changed: v.pipe(v.boolean(), v.description('Whether the run wrote the map.')),
  revision: v.exactOptional(
    text("The state of the map after the run: ETag, generation or digest, by the map's store."),
  ),
  error: v.exactOptional(errorReport),
});

/**
 * The shape of `report.json`. Fields that it does not know are left out of what it gives, so that a
 * later version's report can be read.
 */
export const runRecordSchema: v.GenericSchema<unknown, RunRecord> = v.object({
  schemaVersion: v.pipe(v.literal(1), v.description('Raised when the meaning of a field changes.')),
  version: text('Version of sdr-mirror.'),
  startedAt: time('When the run started.'),
  finishedAt: time('When it ended.'),
  durationMs: milliseconds('How long it took.'),
  outcome: v.pipe(
    v.picklist(['succeeded', 'failed', 'interrupted']),
    v.description(
      '`failed`: at least one image failed, or the map, or the whole run. `interrupted`: told to stop before it was done, and nothing had failed until then.',
    ),
  ),
  exitCode: count('What the process ended with.'),
  error: v.exactOptional(
    v.pipe(errorReport, v.description('Why no image was looked at, where that is so.')),
  ),
  lastSuccessAt: v.exactOptional(
    time('End of the latest run that succeeded, this one included; as far as remembered.'),
  ),
  failingSince: v.exactOptional(
    time('Start of the first of the failed runs that no success has followed.'),
  ),
  recoveredFrom: v.exactOptional(time('What `failingSince` was before this run succeeded.')),
  until: v.pipe(
    v.picklist(['plan', 'verify', 'publish']),
    v.description('The last step that was allowed; `publish` is a full run.'),
  ),
  interrupted: v.pipe(v.boolean(), v.description('Whether the run was told to stop.')),
  verify: v.pipe(
    v.picklist(['enforce', 'warn', 'off']),
    v.description('`verify.mode`: only with `enforce` are unsigned images kept out.'),
  ),
  releases,
  map,
  totals,
  images: v.array(image),
  evidence: v.pipe(
    v.array(evidence),
    v.description('Who proved what is at the target, in this run or in an earlier one.'),
  ),
});
