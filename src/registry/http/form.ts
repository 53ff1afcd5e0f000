import type { Options } from '../../options.ts';
import type { Answer, Exchange } from './exchange.ts';
import type { HostBudget } from './limits.ts';

/** Sends a form to a path of one host; without credentials but those in the form. */
export function formSender(
  exchange: Exchange,
  budget: HostBudget,
  home: URL,
): (path: string, form: URLSearchParams, options?: Options) => Promise<Answer> {
  return async (path, form, { signal } = {}) =>
    exchange.send(
      {
        method: 'POST',
        url: new URL(path, home),
        home,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: Buffer.from(form.toString()),
        // Whoever waits for a token holds up others: it does not queue.
        continues: true,
        signal,
      },
      budget,
    );
}
