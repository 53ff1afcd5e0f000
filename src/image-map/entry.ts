import { ConfigError, errorMessage } from '../errors.ts';
import {
  formatRepository,
  parseReferenceParts,
  type ReferenceParts,
} from '../registry/reference.ts';

/** One line of the map: what is announced, and what to pull in its place. */
export interface MapEntry {
  /** `repository:tag`, `repository@digest` or a bare `repository`, in its announced spelling. */
  readonly key: string;
  /** A reference; for a bare key a repository, to which the announced tag is appended. */
  readonly value: string;
}

/**
 * What makes two keys the same: `atlanhq/x:1` and `index.docker.io/atlanhq/x:1` share one identity.
 *
 * @throws ConfigError if `key` is not an image reference
 */
export function identityOf(key: string): string {
  return identityOfParts(parseReferenceParts(key));
}

/** The identity of parsed parts; equal for all spellings of one reference. */
export function identityOfParts(parts: ReferenceParts): string {
  return `${formatRepository(parts)}${suffixOf(parts)}`;
}

/** What follows the repository: `:tag`, `@digest`, both or nothing. */
export function suffixOf({ tag, digest }: ReferenceParts): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** What is wrong with a key, in words; `undefined` for a good one. */
export function keyProblem(key: string): string | undefined {
  if (key === '<<') {
    return 'merge keys ("<<") are read differently by different YAML readers: write the entries out';
  }
  return referenceProblem(key);
}

/** What is wrong with the value of a good key, in words; `undefined` for a good one. */
export function valueProblem(key: string, value: string): string | undefined {
  const problem = referenceProblem(value);
  if (problem !== undefined) return problem;
  if (suffixOf(parseReferenceParts(key)) !== '') return undefined;
  if (suffixOf(parseReferenceParts(value)) === '') return undefined;
  return `${JSON.stringify(key)} names a repository, so the announced tag is appended to its value: write ${JSON.stringify(value)} without tag and digest, or add a tag to the key`;
}

function referenceProblem(text: string): string | undefined {
  try {
    parseReferenceParts(text);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return errorMessage(error);
    throw error;
  }
}
