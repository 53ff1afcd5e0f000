import { ControlPlaneError } from '../../errors.ts';
import type { Options } from '../../options.ts';
import { quote } from '../../quote.ts';
import { conceal } from '../../conceal.ts';
import { NoAnswerError, post, type Answer, type Outbound } from '../temporal/post.ts';
import type { TokenSource } from '../temporal/tokens.ts';
import type { DeploymentEvent } from './deployment-event.ts';

/** Where events go, and as whom. */
export interface CallbackTarget extends Outbound {
  readonly url: URL;
  readonly tokens: TokenSource;
}

/**
 * `delivered`. `refused`: this event will never be taken. `stuck`: this event is not taken now,
 * others may be. `unavailable`: nothing is taken now.
 */
export type Delivery =
  | { readonly verdict: 'delivered' }
  | {
      readonly verdict: 'refused' | 'stuck' | 'unavailable';
      readonly error: ControlPlaneError;
      /** The service asked for this much patience. */
      readonly retryAfterMs?: number | undefined;
    };

/** Sends one event, once. Rejects only with the reason of an aborted signal. */
export async function deliver(
  event: DeploymentEvent,
  target: CallbackTarget,
  options: Options,
): Promise<Delivery> {
  const { url, tokens } = target;
  try {
    const token = await tokens.token(options);
    const headers = {
      authorization: `Bearer ${token.value.reveal()}`,
      'content-type': 'application/json',
      'idempotency-key': event.id,
    };
    const answer = await post(url, { headers, body: JSON.stringify(event) }, target, options);
    if (answer.status === 401) tokens.refused(token);
    return judge(answer, url, token.value.reveal());
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof ControlPlaneError) return { verdict: 'unavailable', error };
    if (!(error instanceof NoAnswerError)) throw error;
    const message = `no answer from ${url.href}: ${error.message}.`;
    return {
      verdict: 'unavailable',
      error: new ControlPlaneError('CALLBACK_UNAVAILABLE', message, { cause: error }),
    };
  }
}

function judge(answer: Answer, url: URL, token: string): Delivery {
  const { status, headers } = answer;
  if ((status >= 200 && status < 300) || status === 409) return { verdict: 'delivered' };
  const body = conceal(answer.body, [token]).trim();
  const said = body === '' ? '' : `, saying ${quote(body)}`;
  const describe = (next: string): string => `${url.href} answered ${status}${said}. ${next}`;
  if ([400, 413, 415, 422].includes(status)) {
    return {
      verdict: 'refused',
      error: new ControlPlaneError(
        'CALLBACK_REFUSED',
        describe(
          'It does not take this event: check that the callback URL is that of the control plane.',
        ),
        { status },
      ),
    };
  }
  return {
    verdict: status >= 500 && status !== 503 ? 'stuck' : 'unavailable',
    error: new ControlPlaneError('CALLBACK_UNAVAILABLE', describe(nextStep(status)), { status }),
    retryAfterMs: retryAfter(headers['retry-after']),
  };
}

function nextStep(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return 'Client id and secret are not accepted there: check client_id and client_secret.';
    case 404:
    case 405:
    case 410:
      return 'There is no callback at this address: check the callback URL.';
    case 407:
      return 'The proxy wants to be signed in to: put user and password into HTTPS_PROXY.';
    default:
      return status >= 300 && status < 400
        ? 'It sends elsewhere, where the token is not sent: check the callback URL.'
        : 'It is sent again.';
  }
}

/** Seconds; dates are not worth their trouble here, as the backoff does about the same. */
function retryAfter(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return header !== undefined && Number.isFinite(seconds) && seconds >= 0
    ? seconds * 1_000
    : undefined;
}
