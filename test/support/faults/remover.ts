import type { Schedule } from './schedule.ts';
import type { WholeAnswer, WholeRequest } from './upstream.ts';

/** An image that may be removed. */
export interface Removable {
  /** As the schedule knows it: `vendor/app1:1.0`. */
  readonly name: string;
  /** At the target. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/**
 * Somebody who removes images at the target in the middle of a run: a retention policy, a clean-up.
 * It strikes between the target's answer and the job, so that the job cannot but believe what it hears.
 */
export class Remover {
  readonly #schedule: Schedule;
  readonly #url: string;
  readonly #images: readonly Removable[];
  /** Those that were written under their tags. */
  readonly #written = new Set<Removable>();
  /** Nobody is removed twice: the job is to have its chance. */
  readonly #removed = new Set<Removable>();
  readonly #tooLate = new Set<Removable>();
  #failure: Error | undefined;

  /**
   * @param url - of the real target
   * @param images - whose removal may be tried
   */
  constructor(schedule: Schedule, url: string, images: readonly Removable[]) {
    this.#schedule = schedule;
    this.#url = url;
    this.#images = images;
  }

  /**
   * What is gone and may stand in the map all the same: the target has shown it after it was written, and
   * lost it only then. Between that look and the write of the map nobody can shut the door.
   *
   * @throws Error something could not be removed
   */
  removedTooLate(): ReadonlySet<string> {
    if (this.#failure !== undefined) throw this.#failure;
    return new Set([...this.#tooLate].map(({ name }) => name));
  }

  /** To be told of every answer of the target before it goes out. */
  async hear({ method, path }: WholeRequest, { status }: WholeAnswer): Promise<void> {
    const image = this.#images.find(
      ({ repository, tag }) => path === `/v2/${repository}/manifests/${tag}`,
    );
    if (image === undefined) return;
    const isWritten = method === 'PUT' && status === 201;
    if (!isWritten && !(this.#written.has(image) && status === 200)) return;
    if (isWritten) {
      this.#written.add(image);
      this.#tooLate.delete(image);
    }
    const when = isWritten ? 'written' : 'shown';
    if (this.#removed.has(image) || !this.#schedule.removes(image.name, when)) return;
    this.#removed.add(image);
    await this.#remove(image);
    if (when === 'shown') this.#tooLate.add(image);
  }

  async #remove({ repository, digest }: Removable): Promise<void> {
    const url = `${this.#url}/v2/${repository}/manifests/${digest}`;
    const answer = await fetch(url, { method: 'DELETE' });
    await answer.arrayBuffer();
    if (answer.status !== 202) this.#failure = new Error(`DELETE ${url}: ${answer.status}`);
  }
}
