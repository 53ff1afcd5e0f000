import type {
  MapStoreErrorCode,
  RegistryErrorCode,
  ReleaseSourceError,
  SignatureErrorCode,
} from '../errors.ts';

/** Codes that a run's failures go by. */
export type FailureCode =
  | RegistryErrorCode
  | SignatureErrorCode
  | MapStoreErrorCode
  | ReleaseSourceError['code']
  | 'CONFIG_INVALID'
  | 'UNEXPECTED';

/** What somebody should do about a failure, where its own message leaves it open. */
const ADVICE: Readonly<Record<FailureCode, string>> = {
  REGISTRY_UNAUTHORIZED:
    'Give the registry credentials that may do this, under `registries`. `mirror doctor` tries them out.',
  REGISTRY_NOT_FOUND:
    'Check that the image still exists at the source, and that its repository exists at the target.',
  REGISTRY_RATE_LIMITED: 'Sign in at the source under `registries`, or run less often.',
  REGISTRY_UNAVAILABLE: 'If it lasts, look at the registry and the network between.',
  REGISTRY_REFUSED: 'The registry does not take this image: its own words are in the message.',
  DIGEST_MISMATCH:
    'A registry or something before it changed bytes on their way. Find out which before using it.',
  TARGET_CONFLICT:
    'Another image has this tag at the target. Remove it there, or set `target.existing: overwrite`.',
  SIGNATURE_MISSING: 'Ask the vendor for a signed image. It is not mirrored until then.',
  SIGNATURE_INVALID:
    'Treat this as an incident: the signature does not fit the image. Ask the vendor before anything else.',
  SIGNER_UNTRUSTED:
    'Somebody else than `verify.identities` accepts signed it. `mirror verify` says who; accept them only if you know them.',
  TRUST_ROOT_UNAVAILABLE:
    'Let the job reach the trust root, or set `verify.trustRoot` to a file of your own.',
  RELEASES_UNAVAILABLE: 'Check the tenant, its API token, and the way there.',
  MAP_CONFLICT: 'Something else writes the map all the time. See that one job alone does.',
  MAP_UNAVAILABLE: 'Check the store of the map and the rights of the job there.',
  MAP_INVALID: 'Mend the map by hand: a map that is not understood is never overwritten.',
  CONFIG_INVALID: 'Mend the configuration.',
  UNEXPECTED: 'This is a bug in sdr-mirror: please report it.',
};

export const FAILURE_CODES: readonly FailureCode[] = Object.keys(ADVICE) as FailureCode[];

/** The code as one of those known; of what nobody threw on purpose there is but one. */
export function failureCode(code: string): FailureCode {
  return FAILURE_CODES.find((known) => known === code) ?? 'UNEXPECTED';
}

export function adviceFor(code: string): string {
  return ADVICE[failureCode(code)];
}
