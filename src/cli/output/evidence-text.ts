import type {
  AttestationEvidence,
  SignatureEvidence,
  SignaturePlace,
  Signer,
  Verification,
} from '../../signatures/signature-verifier.ts';
import { printable, type Paint } from './format.ts';

/** A name and what it stands for; nothing is shown where there is nothing to show. */
type Row = readonly [name: string, value: string | undefined];

const PLACES: Readonly<Record<SignaturePlace, string>> = {
  referrers: 'by the referrers API',
  'fallback-tag': 'by the fallback tag of referrers',
  'classic-tag': 'under its tag',
};

/** Extensions that have a row of their own, in another's words. */
const TOLD: ReadonlySet<string> = new Set([
  'issuer',
  'issuerV1',
  'buildSignerURI',
  'buildSignerDigest',
  'sourceRepositoryURI',
  'sourceRepositoryDigest',
  'sourceRepositoryRef',
  'runInvocationURI',
  'runnerEnvironment',
  // What older certificates said of the same things.
  'githubWorkflowSHA',
  'githubWorkflowRepository',
  'githubWorkflowRef',
]);

/** All that proves an image acceptable: each signature and each attestation that counted. */
export function evidenceLines(verification: Verification, paint: Paint): readonly string[] {
  const { digest, coSignatures = [], attestations = [] } = verification;
  const rows: readonly Row[] = [
    ['digest', digest],
    ...evidenceRows(verification, 'signed by'),
    ...coSignatures.flatMap((signature) => evidenceRows(signature, 'also signed by')),
    ...attestations.flatMap(attestationRows),
  ];
  return rows.flatMap(([name, value]) =>
    value === undefined ? [] : [`    ${paint('dim', name.padEnd(16))} ${printable(value)}`],
  );
}

function attestationRows(attestation: AttestationEvidence): readonly Row[] {
  return [['attestation', attestation.predicateType], ...evidenceRows(attestation, 'attested by')];
}

function evidenceRows(evidence: SignatureEvidence, by: string): readonly Row[] {
  const { signer, signedAt, logIndex, foundAt, format } = evidence;
  return [
    ...signerRows(signer, by),
    ['time', signedAt ?? 'told by no log and no authority'],
    ['log index', logIndex ?? 'none: in no transparency log'],
    ['found', `${foundAt.reference}, ${PLACES[foundAt.place]}, in ${format} format`],
  ];
}

function signerRows(signer: Signer, by: string): readonly Row[] {
  if (signer.kind === 'key') return [[by, `the key ${signer.name}`]];
  const { subject, issuer, extensions: all } = signer;
  const said = (...names: readonly string[]): string | undefined =>
    names.map((name) => all[name]).find((value) => value !== undefined);
  return [
    [by, subject],
    ['issuer', issuer],
    ['workflow', withDetail(said('buildSignerURI'), said('buildSignerDigest'))],
    [
      'source',
      withDetail(
        said('sourceRepositoryURI', 'githubWorkflowRepository'),
        said('sourceRepositoryRef', 'githubWorkflowRef'),
      ),
    ],
    ['source commit', said('sourceRepositoryDigest', 'githubWorkflowSHA')],
    ['built by', withDetail(said('runInvocationURI'), said('runnerEnvironment'))],
    ...Object.entries(all).filter(([name]) => !TOLD.has(name)),
  ];
}

function withDetail(value: string | undefined, detail: string | undefined): string | undefined {
  if (value === undefined) return detail;
  return detail === undefined ? value : `${value} (${detail})`;
}
