import { MirrorError, RegistryError } from '../../../errors.ts';
import { escapeUnprintable } from '../../../quote.ts';
import { withoutUserInfo } from '../../../secret.ts';
import { NoIdentityError } from './sign-in.ts';

/**
 * What a failure to sign in means.
 *
 * - `none`: this workload has no identity in that cloud
 * - `refused`: it has one, and that one may not
 * - `passing`: nobody could be asked, or not now
 */
export interface CloudProblem {
  readonly kind: 'none' | 'refused' | 'passing';
  readonly reason: string;
}

/** Their messages go on for pages, with identifiers of requests on every line. */
const MAX_REASON = 500;

/**
 * A failure of a cloud's own library, in the operator's words.
 *
 * @param what - completes "… failed"
 */
export function cloudFailure(error: unknown, { kind, reason }: CloudProblem, what: string): Error {
  if (error instanceof MirrorError || error instanceof NoIdentityError) return error;
  const [line = ''] = withoutUserInfo(reason).split('\n');
  const said = escapeUnprintable(line.trim().slice(0, MAX_REASON)).replace(/[.\s]+$/, '');
  // Not the library's own error: it carries requests and answers, and those carry tokens.
  const options = { cause: likeness(error, said) };
  if (kind === 'none') return new NoIdentityError(said, options);
  return kind === 'refused'
    ? new RegistryError('REGISTRY_UNAUTHORIZED', `${what} failed: ${said}`, options)
    : new RegistryError(
        'REGISTRY_UNAVAILABLE',
        `${what} failed: ${said}; run again later`,
        options,
      );
}

function likeness(error: unknown, said: string): Error {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  const copy = new Error(said);
  if (typeof name === 'string') copy.name = name;
  return typeof code === 'string' ? Object.assign(copy, { code }) : copy;
}
