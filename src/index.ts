/**
 * sdr-mirror as a library: the job, its seams, and what implements them.
 *
 * @packageDocumentation
 */

// The job.
export { run } from './mirror/run.ts';
export type {
  RunDependencies,
  RunEvent,
  RunOptions,
  RunResult,
  RunSettings,
} from './mirror/run.ts';
export { targetNaming, type NamingRules, type TargetNaming } from './mirror/naming.ts';
export type { ErrorReport, ImageOutcome, ImageReport, RunReport } from './mirror/report.ts';

// From a configuration to the parts of a run.
export { loadConfig, type LoadConfigOptions } from './config/load.ts';
export type { Config } from './config/config.ts';
export { wireRun, type WiredRun } from './cli/wire.ts';
export type { World } from './cli/world.ts';

// The seams.
export type { CopyProgress, CopyResult, ImageCopier } from './copiers/image-copier.ts';
export type { Release, ReleaseList, ReleaseSource } from './releases/release-source.ts';
export type { Registry, RegistryReader } from './registry/registry.ts';
export type {
  SignatureEvidence,
  SignatureVerifier,
  Signer,
  Verification,
} from './signatures/signature-verifier.ts';
export type { MapReader, MapStore, Revision, StoredMap } from './stores/map-store.ts';

// What implements them.
export { createRegistryCopier } from './copiers/registry-copier.ts';
export { createSkopeoCopier } from './copiers/skopeo-copier.ts';
export { createRegistries, type Registries, type RegistriesOptions } from './registry/client.ts';
export { createFileReleaseSource } from './releases/file.ts';
export { createMarketplaceSource } from './releases/marketplace.ts';
export { selectReleases } from './releases/select.ts';
export { discoverOnce } from './signatures/discover-once.ts';
export { VENDOR_POLICY, type SignaturePolicy } from './signatures/policy.ts';
export { fileTrustRoot } from './signatures/trust-root-file.ts';
export { publicTrustRoot, tufTrustRoot } from './signatures/trust-root-tuf.ts';
export { createSignatureVerifier } from './signatures/verifier.ts';
export { openMapStore } from './stores/open.ts';

// The map.
export {
  parseImageMap,
  type ImageMap,
  type MapEntry,
  type Resolution,
} from './image-map/image-map.ts';

// Words that all of them share.
export {
  ConfigError,
  EngineError,
  MapStoreError,
  MirrorError,
  RegistryError,
  ReleaseSourceError,
  SignatureError,
} from './errors.ts';
export { ExitCode, gravestExitCode } from './exit-code.ts';
export { createLogger, silentLogger, type Logger } from './log.ts';
export type { Options } from './options.ts';
export { Secret } from './secret.ts';
export {
  formatReference,
  parseReference,
  type Digest,
  type DigestReference,
  type Reference,
  type TagReference,
} from './registry/reference.ts';
