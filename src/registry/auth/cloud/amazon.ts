import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { getCACertificates } from 'node:tls';
import type { ECR, GetAuthorizationTokenCommandOutput } from '@aws-sdk/client-ecr';
import { ConfigError, errorMessage, RegistryError } from '../../../errors.ts';
import type { Options } from '../../../options.ts';
import { Secret } from '../../../secret.ts';
import { proxyEnvironment, type Environment } from '../../http/agents.ts';
import { cloudFailure, type CloudProblem } from './cloud-failure.ts';
import type { CloudRegistry } from './cloud-registry.ts';
import { NoIdentityError, type CloudSignIn, type CloudToken } from './sign-in.ts';

export type AmazonRegistry = Extract<CloudRegistry, { readonly cloud: 'amazon' }>;

/** What is done at Amazon's API for registries, as the workload this is. */
export interface AmazonApi {
  readonly signIn: CloudSignIn;
  /**
   * Creates a repository, with the settings that the account gives new ones.
   *
   * @returns `false` if it was there already
   * @throws RegistryError naming the right it takes
   */
  createRepository(name: string, options?: Options): Promise<boolean>;
}

const CONNECT_MS = 10_000;
const REQUEST_MS = 30_000;
const ATTEMPTS = 4;

/**
 * Amazon's API for one registry. Credentials are those the SDK finds: environment, profile, web
 * identity (IRSA), EKS Pod Identity, ECS, and the instance's role by IMDSv2, in its order.
 */
export function amazonApi(registry: AmazonRegistry, env: Environment): AmazonApi {
  let client: Promise<ECR> | undefined;
  const host = `ECR in ${registry.region}`;
  const ask = async <T>(
    what: string,
    action: string,
    call: (ecr: ECR, options: { readonly abortSignal?: AbortSignal }) => Promise<T>,
    { signal }: Options,
  ): Promise<T> => {
    client ??= connect(registry, env);
    try {
      return await call(await client, signal === undefined ? {} : { abortSignal: signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw cloudFailure(error, problemOf(error, action), `${what} at ${host}`);
    }
  };

  return {
    async signIn(options = {}): Promise<CloudToken> {
      const answer = await ask(
        'signing in',
        'ecr:GetAuthorizationToken',
        async (ecr, abort) => ecr.getAuthorizationToken({}, abort),
        options,
      );
      const token = tokenOf(answer);
      if (token !== undefined) return token;
      throw new RegistryError('REGISTRY_REFUSED', `signing in at ${host} failed: it gave no token`);
    },

    async createRepository(repositoryName, options = {}): Promise<boolean> {
      try {
        await ask(
          `creating the repository ${repositoryName}`,
          'ecr:CreateRepository',
          async (ecr, abort) =>
            ecr.createRepository({ registryId: registry.account, repositoryName }, abort),
          options,
        );
        return true;
      } catch (error) {
        const { cause, message } = error as Error;
        if ((cause as Error | undefined)?.name === 'RepositoryAlreadyExistsException') return false;
        if (!(error instanceof NoIdentityError)) throw error;
        // A password for the registry opens no more than the registry.
        throw new RegistryError(
          'REGISTRY_UNAUTHORIZED',
          `creating the repository ${repositoryName} at ${host} takes an identity of AWS with the right ecr:CreateRepository: ${message}`,
          { cause: error },
        );
      }
    },
  };
}

/** The token in an answer to `GetAuthorizationToken`; `undefined` if it holds none to be used. */
export function tokenOf({
  authorizationData = [],
}: Pick<GetAuthorizationTokenCommandOutput, 'authorizationData'>): CloudToken | undefined {
  const [data] = authorizationData;
  const pair = Buffer.from(data?.authorizationToken ?? '', 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  const expiresAt = data?.expiresAt?.getTime() ?? Number.NaN;
  if (colon < 1 || colon === pair.length - 1 || Number.isNaN(expiresAt)) return undefined;
  return {
    credential: {
      kind: 'basic',
      username: pair.slice(0, colon),
      password: new Secret(pair.slice(colon + 1)),
    },
    expiresAt,
    by: 'the identity that AWS gives this workload',
  };
}

async function connect(
  { region, fips, dualStack }: AmazonRegistry,
  env: Environment,
): Promise<ECR> {
  // Loaded here: it takes longer to load than a run with nothing to do takes in all.
  const { ECR: Client } = await import('@aws-sdk/client-ecr');
  const bundle = env['AWS_CA_BUNDLE'];
  // The types of Node 22 do not know of agents that go through proxies yet.
  const options: AgentOptions & { readonly proxyEnv: Environment } = {
    proxyEnv: proxyEnvironment(env),
  };
  const authorities =
    bundle === undefined || bundle === ''
      ? {}
      : { ca: [...getCACertificates('default'), readBundle(bundle)] };
  return new Client({
    region,
    maxAttempts: ATTEMPTS,
    ...(fips && { useFipsEndpoint: true }),
    ...(dualStack && { useDualstackEndpoint: true }),
    requestHandler: {
      httpAgent: new HttpAgent(options),
      httpsAgent: new HttpsAgent({ ...options, ...authorities }),
      connectionTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      throwOnRequestTimeout: true,
    },
  });
}

function problemOf(error: unknown, action: string): CloudProblem {
  const {
    name = '',
    $fault,
    $metadata,
  } = (error ?? {}) as {
    readonly name?: string;
    readonly $fault?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  if (name === 'CredentialsProviderError') {
    return { kind: 'none', reason: `AWS gives this workload no identity: ${errorMessage(error)}` };
  }
  const status = $metadata?.httpStatusCode;
  if (
    $fault !== 'client' ||
    status === undefined ||
    status === 429 ||
    /Throttl|TooMany/.test(name)
  ) {
    return { kind: 'passing', reason: `${name}: ${errorMessage(error)}` };
  }
  return {
    kind: 'refused',
    reason: `${name}: ${errorMessage(error)}; the identity needs the right ${action}`,
  };
}

function readBundle(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`AWS_CA_BUNDLE: ${errorMessage(error)}`, error);
  }
}
