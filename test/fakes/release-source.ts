import { ReleaseSourceError } from '../../src/errors.ts';
import type { Release, ReleaseList, ReleaseSource } from '../../src/releases/release-source.ts';

/** Announces what it is told to. */
export class FakeReleaseSource implements ReleaseSource {
  readonly location = 'fake releases';
  /** Runs before every answer: what it throws fails the call, what it awaits delays it. */
  before: () => void | Promise<void> = () => undefined;
  #list: ReleaseList = { releases: [], skipped: [] };
  #failure: ReleaseSourceError | undefined;

  announce(releases: readonly Release[], skipped: readonly string[] = []): this {
    this.#list = { releases: [...releases], skipped: [...skipped] };
    this.#failure = undefined;
    return this;
  }

  fail(message: string = 'the fake source was told to fail'): this {
    this.#failure = new ReleaseSourceError(message);
    return this;
  }

  async latest({ signal }: { readonly signal?: AbortSignal } = {}): Promise<ReleaseList> {
    signal?.throwIfAborted();
    await this.before();
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    return this.#list;
  }
}
