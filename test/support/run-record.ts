import { createHash } from 'node:crypto';
import { totalsOf } from '../../src/mirror/report.ts';
import type { Digest } from '../../src/registry/reference.ts';
import type { Evidence } from '../../src/reports/evidence.ts';
import type { ImageRecord, RunRecord } from '../../src/reports/run-record.ts';
import type { Verification } from '../../src/signatures/signature-verifier.ts';

export const STARTED_AT: string = '2026-03-01T06:00:00.000Z';

const VENDOR =
  'https://github.com/atlanhq/application-sdk/.github/workflows/build-and-publish-app.yaml@refs/heads/main';

export function digestFor(name: string): Digest {
  return `sha256:${createHash('sha256').update(name).digest('hex')}`;
}

export function verificationOf(name: string, changes: Partial<Verification> = {}): Verification {
  return {
    digest: digestFor(name),
    format: 'bundle',
    foundAt: { place: 'referrers', reference: digestFor(`signature of ${name}`) },
    signer: {
      kind: 'certificate',
      subject: VENDOR,
      issuer: 'https://token.actions.githubusercontent.com',
      extensions: { sourceRepositoryURI: 'https://github.com/atlanhq/application-sdk' },
    },
    signedAt: '2026-02-27T09:12:45.000Z',
    logIndex: '1234567890',
    ...changes,
  };
}

/** An image `name:tag` of the vendor, with whatever is special about it. */
export function imageRecord(name: string, changes: Partial<ImageRecord> = {}): ImageRecord {
  const repository = name.split(':')[0] ?? name;
  return {
    image: `atlanhq/${name}`,
    app: repository,
    version: name.split(':')[1] ?? '',
    source: `docker.io/atlanhq/${name}`,
    target: `registry.mycompany.com/atlan/${name}`,
    digest: digestFor(name),
    action: 'keep',
    outcome: 'unchanged',
    reason: 'the target and the map have it',
    requests: 2,
    durationMs: 180,
    ...changes,
  };
}

export function mirroredRecord(
  name: string,
  { startMs, durationMs, bytes }: Readonly<Record<'startMs' | 'durationMs' | 'bytes', number>>,
  changes: Partial<ImageRecord> = {},
): ImageRecord {
  return imageRecord(name, {
    action: 'copy',
    outcome: 'mirrored',
    reason: 'the target does not have it',
    verification: verificationOf(name),
    copy: {
      manifests: 5,
      blobs: { uploaded: 9, mounted: 4, present: 2 },
      bytes,
      platforms: ['linux/amd64', 'linux/arm64'],
      attachments: 2,
    },
    requests: 41,
    durationMs,
    size: bytes * 2,
    steps: [
      { step: 'discover', startMs, durationMs: durationMs * 0.05 },
      { step: 'verify', startMs: startMs + durationMs * 0.05, durationMs: durationMs * 0.1 },
      { step: 'copy', startMs: startMs + durationMs * 0.15, durationMs: durationMs * 0.85 },
    ],
    ...changes,
  });
}

export function evidenceFor(image: ImageRecord, changes: Partial<Evidence> = {}): Evidence {
  return {
    target: image.target ?? '',
    digest: image.digest ?? digestFor(image.image),
    at: STARTED_AT,
    ...(image.verification === undefined ? {} : { verification: image.verification }),
    ...(image.unverified === undefined ? {} : { unverified: image.unverified }),
    ...(image.copy === undefined ? {} : { platforms: image.copy.platforms }),
    ...(image.size === undefined ? {} : { size: image.size }),
    ...changes,
  };
}

/** A run of these images; the totals follow from them. */
export function recordOf(
  images: readonly ImageRecord[],
  changes: Partial<RunRecord> = {},
): RunRecord {
  return {
    schemaVersion: 1,
    version: '0.1.0',
    startedAt: STARTED_AT,
    durationMs: 42_000,
    finishedAt: '2026-03-01T06:00:42.000Z',
    outcome: 'succeeded',
    exitCode: 0,
    lastSuccessAt: '2026-03-01T06:00:42.000Z',
    until: 'publish',
    interrupted: false,
    verify: 'enforce',
    releases: {
      location: 'https://acme.atlan.com/api/service/marketplace/latest-releases',
      skipped: [],
    },
    images,
    totals: totalsOf(images),
    map: {
      location: 's3://acme-sdr/sdr/image-map.yaml',
      changed: true,
      revision: '"5d41402abc4b2a76b9719d911017c592"',
    },
    evidence: images
      .filter(({ verification }) => verification !== undefined)
      .map((image) => evidenceFor(image)),
    ...changes,
  };
}

/** A run in which everything happened that can happen. */
export function eventfulRecord(): RunRecord {
  const teradata = mirroredRecord('atlan-teradata-app:3.1.4', {
    startMs: 300,
    durationMs: 31_000,
    bytes: 412_345_678,
  });
  const oracle = mirroredRecord(
    'atlan-oracle-app:2.9.0',
    { startMs: 320, durationMs: 18_400, bytes: 231_000_000 },
    {
      copy: {
        manifests: 3,
        blobs: { uploaded: 7, mounted: 0, present: 0 },
        bytes: 231_000_000,
        platforms: ['linux/amd64'],
        attachments: 1,
        omitted: ['linux/arm64', 'linux/ppc64le'],
      },
    },
  );
  const hive = mirroredRecord(
    'atlan-hive-app:1.0.7',
    { startMs: 18_900, durationMs: 4000, bytes: 0 },
    { outcome: 'recorded', action: 'record', reason: 'the map does not name it' },
  );
  const saphana = imageRecord('atlan-saphana-app:4.2.0');
  const mssql = imageRecord('atlan-mssql-app:5.0.1');
  const old = imageRecord('atlan-db2-app:1.1.0');
  const images = [
    imageRecord('atlan-tableau-app:7.1.0', {
      action: 'copy',
      outcome: 'failed',
      reason: 'signed by somebody else',
      error: {
        code: 'SIGNER_UNTRUSTED',
        message:
          'docker.io/atlanhq/atlan-tableau-app@sha256:4f1c… is signed by https://github.com/somebody/fork/.github/workflows/build.yaml@refs/heads/main, whom no identity of verify.identities accepts.',
        retryable: false,
      },
    }),
    imageRecord('atlan-redshift-app:2.0.0', {
      outcome: 'failed',
      reason: 'unavailable',
      error: {
        code: 'REGISTRY_UNAVAILABLE',
        message:
          'registry.mycompany.com answered 503 to PUT /v2/atlan/atlan-redshift-app/manifests/2.0.0, four times. Try again later, or look at the registry.',
        retryable: true,
      },
    }),
    imageRecord('atlan-looker-app:0.9.0-rc.1', {
      outcome: 'pending',
      reason: 'no signature yet',
      error: {
        code: 'SIGNATURE_MISSING',
        message:
          'No signature is attached yet; it was created 12 minutes ago, within verify.grace.',
        retryable: true,
      },
    }),
    teradata,
    oracle,
    hive,
    saphana,
    mssql,
    old,
  ];
  return recordOf(images, {
    outcome: 'failed',
    exitCode: 4,
    lastSuccessAt: '2026-02-28T22:00:31.000Z',
    failingSince: '2026-02-28T23:00:00.000Z',
    releases: {
      location: 'https://acme.atlan.com/api/service/marketplace/latest-releases',
      skipped: ['release 12 ("atlan-sigma-app"): it names no image'],
    },
    evidence: [
      ...[teradata, oracle, hive].map((image) => evidenceFor(image)),
      evidenceFor(saphana, {
        verification: verificationOf('atlan-saphana-app:4.2.0', {
          signer: { kind: 'key', name: 'release-2025' },
          signedAt: undefined,
          logIndex: undefined,
        }),
      }),
      evidenceFor(mssql, { unverified: 'verify.mode was off' }),
    ],
  });
}
