import { MirrorError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Options } from '../options.ts';
import { parseErrorsBody } from './errors-body.ts';
import type { RegistryRequest } from './host-client.ts';
import { abandonable } from '../abandonable.ts';
import type { Answer } from './http/exchange.ts';

export interface RepositoryCreatorOptions {
  /** @returns `false` if it was there already */
  readonly create: (repository: string, options?: Options) => Promise<boolean>;
  readonly logger: Logger;
  /** For the log. */
  readonly registry: string;
}

/** Creates the repositories that a registry wants to be there before it takes anything for them. */
export class RepositoryCreator {
  readonly #options: RepositoryCreatorOptions;
  /** By name: once in a run, however many blobs wait for it. */
  readonly #creations = new Map<string, Promise<void>>();

  constructor(options: RepositoryCreatorOptions) {
    this.#options = options;
  }

  /** Creates a repository, unless this run has seen to it already. */
  async create(
    repository: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    let creation = this.#creations.get(repository);
    if (creation === undefined) {
      creation = this.#create(repository);
      this.#creations.set(repository, creation);
    }
    await abandonable(creation, signal);
  }

  /**
   * Not tied to one caller's signal: the others would lose what they wait for. A refusal stands for
   * the run; what may pass is tried again by the next.
   */
  async #create(repository: string): Promise<void> {
    const { create, logger, registry } = this.#options;
    try {
      if (await create(repository)) {
        logger.info(`created the repository ${repository}`, { host: registry });
      }
    } catch (error) {
      if (!(error instanceof MirrorError) || error.retryable) this.#creations.delete(repository);
      throw error;
    }
  }
}

/** The repository whose absence kept a write from being taken; `undefined` where it did not. */
export function missingRepository(
  { method, scopes }: RegistryRequest,
  { status, body }: Answer,
): string | undefined {
  if (status !== 404 || (method !== 'POST' && method !== 'PUT')) return undefined;
  if (!parseErrorsBody(body).codes.includes('NAME_UNKNOWN')) return undefined;
  return scopes.find(({ actions }) => actions === 'pull,push')?.repository;
}
