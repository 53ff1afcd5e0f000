import type { ImageCopier } from '../../src/copiers/image-copier.ts';
import type { Digest } from '../../src/registry/reference.ts';
import { createRegistries, type Registries } from '../../src/registry/client.ts';
import type { HostSettings } from '../../src/registry/hosts.ts';
import type {
  CopierFixture,
  CopierFixtureOptions,
  TargetWrite,
} from '../contracts/image-copier.ts';
import type { Answer, RegistryRequest } from './registry/exchange.ts';
import { routeOf } from './registry/router.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from './registry/server.ts';

/** Two registries that speak HTTP, and the client that a run would have. */
export interface HttpCopierFixture extends CopierFixture {
  readonly sourceRegistry: TestRegistry;
  readonly targetRegistry: TestRegistry;
}

export interface HttpFixtureOptions extends CopierFixtureOptions {
  readonly sourceOptions?: RegistryOptions;
  readonly targetOptions?: RegistryOptions;
  /** What the client is told about each of the two, besides that they speak plain http. */
  readonly settings?: HostSettings;
  readonly createCopier: (
    registries: Registries,
    hosts: { readonly source: string; readonly target: string },
  ) => ImageCopier;
}

export async function startCopierFixture(options: HttpFixtureOptions): Promise<HttpCopierFixture> {
  const writes: TargetWrite[] = [];
  const claims = new Map<string, Digest>();
  const opened: Registries[] = [];
  let beforeWrite: (() => void) | undefined;
  const sourceRegistry = await startRegistry(options.sourceOptions);
  const targetRegistry = await startRegistry({
    referrersApi: options.referrersApi,
    ...options.targetOptions,
    intercept: async (request, next) => {
      const claimed = claimedAnswer(request, claims);
      if (claimed !== undefined) return claimed;
      if (request.method !== 'PUT' && request.method !== 'POST') return undefined;
      beforeWrite?.();
      const answer = await next();
      const write = writeOf(request, answer);
      if (write !== undefined) writes.push(write);
      return answer;
    },
  });
  const [source, target] = [sourceRegistry.host, targetRegistry.host];
  return {
    sourceRegistry,
    targetRegistry,
    source: (repository) => sourceRegistry.store.repository(repository),
    target: (repository) => targetRegistry.store.repository(repository),
    from: (repository, digest) => ({ kind: 'digest', registry: source, repository, digest }),
    to: (repository, tag) => ({ kind: 'tag', registry: target, repository, tag }),
    newCopier: () => {
      const settings = { plainHttp: true, ...options.settings };
      const registries = createRegistries({
        hosts: { [source]: settings, [target]: settings },
        env: {},
      });
      opened.push(registries);
      return options.createCopier(registries, { source, target });
    },
    writes,
    forget: () => {
      writes.length = 0;
    },
    beforeWrite: (hook) => {
      beforeWrite = hook;
    },
    claim: (repository, reference, digest) => {
      claims.set(`/v2/${repository}/manifests/${reference}`, digest);
    },
    [Symbol.asyncDispose]: async () => {
      for (const registries of opened) registries.close();
      await Promise.all([sourceRegistry.close(), targetRegistry.close()]);
    },
  };
}

/** What a claim makes of a HEAD. */
export function claimedAnswer(
  { method, path }: RegistryRequest,
  claims: ReadonlyMap<string, Digest>,
): Answer | undefined {
  const digest = method === 'HEAD' ? claims.get(path) : undefined;
  if (digest === undefined) return undefined;
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  return {
    status: 200,
    headers: { 'content-type': mediaType, 'docker-content-digest': digest },
  };
}

/** What a request made the target keep; `undefined` for a step on the way there. */
export function writeOf(
  request: RegistryRequest,
  answer: Pick<Answer, 'status'>,
): TargetWrite | undefined {
  if (answer.status !== 201) return undefined;
  const { resource, name, reference } = routeOf(request.path);
  if (resource === 'manifest')
    return { kind: 'manifest', repository: name, reference, how: 'sent' };
  const mounted = request.query.get('digest') === null ? request.query.get('mount') : null;
  return {
    kind: 'blob',
    repository: name,
    reference: mounted ?? request.query.get('digest') ?? '',
    how: mounted === null ? 'sent' : 'mounted',
  };
}
