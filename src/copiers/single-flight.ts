/**
 * Work that many want and one does: the first to ask leads, the others wait for it. What succeeded
 * is not done again; what failed, or was abandoned with its leader, the next in line tries itself.
 */
export class SingleFlight {
  readonly #flights = new Map<string, Promise<void>>();

  /**
   * @param signal - ends the waiting of this caller; `work` minds its own
   * @returns whether this caller led
   */
  async run(key: string, work: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      signal.throwIfAborted();
      const underWay = this.#flights.get(key);
      if (underWay === undefined) {
        await this.#lead(key, work);
        return true;
      }
      if (await succeeded(underWay, signal)) return false;
    }
  }

  async #lead(key: string, work: () => Promise<void>): Promise<void> {
    const flight = work();
    this.#flights.set(key, flight);
    try {
      await flight;
    } catch (error) {
      this.#flights.delete(key);
      throw error;
    }
  }
}

async function succeeded(flight: Promise<void>, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const abandon = (): void => {
    reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abandon, { once: true });
  flight.then(
    () => resolve(true),
    () => resolve(false),
  );
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}
