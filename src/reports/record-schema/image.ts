import * as v from 'valibot';
import type { ErrorReport } from '../../mirror/report.ts';
import type { ImageRecord } from '../run-record.ts';
import { verification } from './evidence.ts';
import { bytes, count, digest, milliseconds, text } from './fields.ts';

export const errorReport: v.GenericSchema<unknown, ErrorReport> = v.object({
  code: text('What kind of failure, as messages and exit codes go by it; `UNEXPECTED` is a bug.'),
  message: text('What was tried, what came back, and the next step.'),
  retryable: v.pipe(
    v.boolean(),
    v.description('Whether a later run may succeed without anybody changing anything.'),
  ),
});

const step = v.object({
  step: v.picklist(['discover', 'verify', 'copy']),
  startMs: milliseconds('Since the run started.'),
  durationMs: milliseconds('How long the step took.'),
});

const copy = v.object({
  manifests: count("Manifests written, the image's own and its attachments'."),
  blobs: v.object({
    uploaded: count('Blobs sent.'),
    mounted: count('Blobs that the target took from another of its repositories.'),
    present: count('Blobs that were there already.'),
  }),
  bytes: bytes('Bytes of blobs sent to the target.'),
  platforms: v.pipe(
    v.array(v.string()),
    v.description('Platforms of the image that the target now has: `linux/amd64`.'),
  ),
  omitted: v.exactOptional(
    v.pipe(
      v.array(v.string()),
      v.description('Platforms that the index lists and the target lacks, as was asked for.'),
    ),
  ),
  rewritten: v.exactOptional(
    v.object({
      from: digest('The index at the source, which was verified.'),
      to: digest('The index at the target, which lists less; no signature applies to it.'),
    }),
  ),
  attachments: count('Signatures, attestations and SBOMs now at the target with the image.'),
});

export const image: v.GenericSchema<unknown, ImageRecord> = v.object({
  image: text('The reference as announced.'),
  app: v.exactOptional(text("The app's name, where one was announced.")),
  version: v.exactOptional(text("The app's version, likewise.")),
  source: v.exactOptional(text('Canonical reference at the source.')),
  target: v.exactOptional(text('Canonical reference at the target.')),
  digest: v.exactOptional(
    digest('What was announced; what is in use where nothing is to be done.'),
  ),
  action: v.exactOptional(
    v.pipe(v.picklist(['copy', 'record', 'keep', 'refuse']), v.description('What was decided.')),
  ),
  outcome: v.pipe(
    v.picklist([
      'mirrored',
      'recorded',
      'unchanged',
      'planned',
      'pending',
      'failed',
      'interrupted',
    ]),
    v.description('What came of it; see `totals`.'),
  ),
  reason: text('Why it was decided, or why it failed.'),
  error: v.exactOptional(errorReport),
  verification: v.exactOptional(verification),
  unverified: v.exactOptional(text('Why it was mirrored without an accepted signature.')),
  repaired: v.exactOptional(
    v.pipe(
      v.literal(true),
      v.description(
        'It was broken at the target, as `reason` has it, and is whole again: of `mirror run --repair`.',
      ),
    ),
  ),
  copy: v.exactOptional(copy),
  requests: count('Requests sent to registries for it; those of the skopeo engine are not known.'),
  durationMs: milliseconds('How long it was worked on.'),
  steps: v.exactOptional(v.pipe(v.array(step), v.description('When it went through which step.'))),
  size: v.exactOptional(
    bytes(
      'Bytes of the blobs that its copy had to account for, those already at the target included.',
    ),
  ),
});
