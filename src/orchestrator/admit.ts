import { RegistryError, SignatureError } from '../errors.ts';
import { silentLogger, type Logger } from '../log.ts';
import type { Options } from '../options.ts';
import { createRegistries, type Registries } from '../registry/client.ts';
import type { Credential } from '../registry/credentials.ts';
import type { HostSettingsByHost } from '../registry/hosts.ts';
import {
  atDigest,
  formatReference,
  parseReferenceParts,
  type DigestReference,
  type Repository,
} from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { Environment } from '../settings/interpolate.ts';
import { matchRepository } from '../settings/match.ts';
import type { SignaturePolicy } from '../signatures/policy.ts';
import type { SignatureVerifier, Verification } from '../signatures/signature-verifier.ts';
import type { TrustRootSource } from '../signatures/trust-root.ts';
import { createSignatureVerifier } from '../signatures/verifier.ts';
import type { OrchestratorConfig } from './config/config.ts';
import { hostsFor } from './resolve/hosts.ts';
import { explain, type ResolvedImage } from './resolve/resolved-image.ts';

/** An image that may run. It is pulled and created by its digest, so what was verified is what runs. */
export interface AdmittedImage {
  readonly image: DigestReference;
  /** For the engine, which pulls by itself. */
  readonly credential: Credential;
  readonly resolved: ResolvedImage;
  /** The evidence; absent where it was waived. */
  readonly verification?: Verification;
  /** Why it may run without an acceptable signature: the policy is not `enforce`. */
  readonly waived?: string;
}

/** Decides whether an image may run. */
export interface Admission {
  /**
   * @throws SignatureError is a verdict: it may not
   * @throws RegistryError is not: the image is not there, or could not be asked for
   */
  admit(resolved: ResolvedImage, options?: Options): Promise<AdmittedImage>;
}

export interface AdmissionOptions extends Pick<
  OrchestratorConfig,
  'images' | 'registries' | 'verify'
> {
  readonly trustRoot: TrustRootSource;
  /** The environment, completed by `.env`: proxies and docker's own credentials. */
  readonly env: Environment;
  readonly logger?: Logger;
  /** Opens registries; those of this product by default. */
  readonly openRegistries?: (hosts: HostSettingsByHost) => OpenRegistries;
  /** Makes the verifier; the one of this product by default. */
  readonly openVerifier?: (
    registry: RegistryReader,
    policyFor: (image: Repository) => SignaturePolicy,
  ) => SignatureVerifier;
}

/** What of the registries an admission needs. */
export type OpenRegistries = Pick<Registries, 'source' | 'credentialFor' | 'close'>;

/** Makes an admission from the configuration; nothing is asked yet. */
export function createAdmission(options: AdmissionOptions): Admission {
  const { verify, trustRoot, env, logger = silentLogger } = options;
  const openRegistries =
    options.openRegistries ??
    ((hosts: HostSettingsByHost): OpenRegistries =>
      createRegistries({ hosts, env, logger, userAgent: 'sdr-orchestrator' }));
  const openVerifier =
    options.openVerifier ??
    ((registry: RegistryReader, policyFor: (image: Repository) => SignaturePolicy) =>
      createSignatureVerifier({ registry, policyFor, trustRoot, logger }));
  return {
    admit: async (resolved, { signal } = {}) => {
      const waiting = signal === undefined ? {} : { signal };
      // Anew for every command: credentials and manifests of yesterday are no use today.
      const registries = openRegistries(hostsFor(options, resolved));
      try {
        const image = await resolveDigest(registries.source, resolved, waiting);
        const verifier = openVerifier(registries.source, policyOf(verify, resolved));
        const verdict = await judge(image, verifier, verify.mode, logger, waiting);
        const credential = await registries.credentialFor(image.registry, waiting);
        return { image, credential, resolved, ...verdict };
      } finally {
        registries.close();
      }
    },
  };
}

async function resolveDigest(
  registry: RegistryReader,
  resolved: ResolvedImage,
  options: Options,
): Promise<DigestReference> {
  const { reference } = resolved;
  if (reference.kind === 'digest') return reference;
  const head = await registry.head(reference, options);
  if (head !== undefined) return atDigest(reference, head.digest);
  throw new RegistryError(
    'REGISTRY_NOT_FOUND',
    `${formatReference(reference)} does not exist. It was asked for in place of ${resolved.announced} by this rule: ${explain(resolved)}. Mirror the image, or correct the rule.`,
    { side: 'source', status: 404 },
  );
}

async function judge(
  image: DigestReference,
  verifier: SignatureVerifier,
  mode: AdmissionOptions['verify']['mode'],
  logger: Logger,
  options: Options,
): Promise<Pick<AdmittedImage, 'verification' | 'waived'>> {
  if (mode === 'off') return { waived: 'verification is switched off' };
  try {
    return { verification: await verifier.verify(image, options) };
  } catch (error) {
    if (mode !== 'warn' || !(error instanceof SignatureError)) throw error;
    logger.warn(`allowed to run without an acceptable signature: ${error.message}`, {
      code: error.code,
      digest: image.digest,
    });
    return { waived: error.message };
  }
}

/** Overrides match the image under the name it is pulled by or the one it was announced by. */
function policyOf(
  { policy, overrides }: AdmissionOptions['verify'],
  { announced }: ResolvedImage,
): (image: Repository) => SignaturePolicy {
  const source = parseReferenceParts(announced);
  const compiled = overrides.map(({ match, policy: own }) => ({
    matches: matchRepository(match),
    own,
  }));
  return (image) =>
    compiled.find(({ matches }) => matches(image) || matches(source))?.own ?? policy;
}
