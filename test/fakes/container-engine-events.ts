import type { ContainerEvent } from '../../src/orchestrator/engine/container.ts';

export interface Published {
  readonly event: ContainerEvent;
  readonly labels: Readonly<Record<string, string>>;
}

/** Hands every event to everyone who subscribed before it. */
export class EventHub {
  readonly #inboxes = new Set<Inbox>();

  publish(published: Published): void {
    for (const inbox of this.#inboxes) inbox.put(published);
  }

  gap(): void {
    this.publish({ event: { kind: 'gap' }, labels: {} });
  }

  /** From the first call of `next` on; ends by `return`, or rejects with the signal's reason. */
  async *subscribe(signal: AbortSignal | undefined): AsyncGenerator<Published, void> {
    signal?.throwIfAborted();
    const inbox = new Inbox();
    const abort = (): void => {
      inbox.wake();
    };
    signal?.addEventListener('abort', abort);
    this.#inboxes.add(inbox);
    try {
      for (;;) {
        const published = await inbox.take();
        signal?.throwIfAborted();
        if (published !== undefined) yield published;
      }
    } finally {
      this.#inboxes.delete(inbox);
      signal?.removeEventListener('abort', abort);
    }
  }
}

class Inbox {
  readonly #waiting: Published[] = [];
  #arrival = Promise.withResolvers<void>();

  put(published: Published): void {
    this.#waiting.push(published);
    this.wake();
  }

  wake(): void {
    this.#arrival.resolve();
  }

  async take(): Promise<Published | undefined> {
    if (this.#waiting.length === 0) await this.#arrival.promise;
    this.#arrival = Promise.withResolvers();
    return this.#waiting.shift();
  }
}
