import { errorMessage, SignatureError } from '../errors.ts';
import { escapeUnprintable, quote } from '../quote.ts';

/** The longest text of a stranger's that a message shows. */
const MAX_SHOWN = 300;

/**
 * One signature does not hold.
 *
 * @param why - which check failed, and on what; a clause that can follow a colon
 */
export function invalid(why: string, cause?: unknown): SignatureError {
  return new SignatureError('SIGNATURE_INVALID', why, cause);
}

/** One signature holds, but its signer is nobody we accept. */
export function untrusted(why: string): SignatureError {
  return new SignatureError('SIGNER_UNTRUSTED', why);
}

/** Text from a signature, fit for a terminal and a log: quoted, escaped, cut. */
export function shown(text: unknown): string {
  return typeof text === 'string' ? quote(text, MAX_SHOWN) : typeof text;
}

/** What a library says of a signature. It may repeat what the signature holds. */
export function reasonOf(error: unknown): string {
  return escapeUnprintable(errorMessage(error).slice(0, MAX_SHOWN));
}
