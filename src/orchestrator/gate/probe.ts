import { get } from 'node:http';
import { errorMessage } from '../../errors.ts';
import type { Options } from '../../options.ts';

/** Where an app says how it is. */
export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  /** `/server/health` */
  readonly path: string;
}

/**
 * Asks an app over the container network.
 *
 * @returns what is wrong, in words; `undefined` if it answered 2xx
 * @throws the signal's reason
 */
export type Probe = (target: ProbeTarget, options?: Options) => Promise<string | undefined>;

const TIMEOUT_MS = 5000;

/** Asks by HTTP, past every proxy, each time by a new connection. */
export const httpProbe: Probe = async (target, { signal } = {}) => {
  signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const status = await getStatus(
      target,
      signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    );
    return status >= 200 && status < 300 ? undefined : `${describe(target)} answers ${status}`;
  } catch (error) {
    signal?.throwIfAborted();
    const reason = timeout.aborted
      ? `does not answer in ${TIMEOUT_MS / 1000} s`
      : 'does not answer';
    return `${describe(target)} ${reason}: ${errorMessage(error)}`;
  }
};

function describe({ port, path }: ProbeTarget): string {
  return `port ${port}, ${path},`;
}

async function getStatus(target: ProbeTarget, signal: AbortSignal): Promise<number> {
  const answer = Promise.withResolvers<number>();
  const request = get({ ...target, agent: false, signal }, (response) => {
    response.resume();
    response.on('error', answer.reject);
    answer.resolve(response.statusCode ?? 0);
  });
  request.on('error', answer.reject);
  return answer.promise;
}
