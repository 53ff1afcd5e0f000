import { conceal } from '../../conceal.ts';
import { EngineError, RegistryError } from '../../errors.ts';
import type { Options } from '../../options.ts';
import type { Credential } from '../../registry/credentials.ts';
import {
  formatReference,
  formatRepository,
  type DigestReference,
} from '../../registry/reference.ts';
import type { EngineConnection } from './engine-connection.ts';
import { EngineSilentError } from './engine-failures.ts';
import { linesOf } from './lines.ts';
import { pullFailure } from './pull-failure.ts';
import { registryAuthHeader, sentToEngine } from './registry-auth.ts';

export interface PullSettings {
  readonly connection: EngineConnection;
  readonly location: string;
  /** `/v1.41`. */
  readonly prefix: string;
  /** How long neither a byte nor a sign of unpacking may come. */
  readonly stallMs: number;
}

/**
 * Fetches an image by its digest.
 *
 * A status of 200 says nothing: a pull that fails later tells so in a line of the stream, and
 * Podman does for every failure.
 *
 * @throws RegistryError what the registry said; EngineError what the engine said
 */
export async function pullImage(
  { connection, location, prefix, stallMs }: PullSettings,
  image: DigestReference,
  credential: Credential,
  { signal }: Options = {},
): Promise<void> {
  const reference = formatReference(image);
  try {
    const stream = await connection.open({
      method: 'POST',
      path: `${prefix}/images/create`,
      // Without tag every tag of the repository would come.
      query: { fromImage: formatRepository(image), tag: image.digest },
      headers: registryAuthHeader(credential, image.registry),
      silenceMs: stallMs,
      signal,
      what: `pull ${reference}`,
    });
    const failure = await failureIn(stream.body);
    if (failure !== undefined) {
      throw pullFailure(reference, location, conceal(failure, sentToEngine(credential)));
    }
    if (stream.status !== 200) {
      throw pullFailure(reference, location, `HTTP ${stream.status}`);
    }
  } catch (error) {
    if (error instanceof EngineError && error.cause instanceof EngineSilentError) {
      throw new RegistryError(
        'REGISTRY_UNAVAILABLE',
        `${location} got nothing of ${reference} for ${stallMs / 1_000} s: the pull was given up. Check the network between the engine and the registry, and try again.`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** The error a stream of progress tells of, in whatever form it comes. */
async function failureIn(stream: AsyncIterable<Buffer>): Promise<string | undefined> {
  let failure: string | undefined;
  for await (const line of linesOf(stream)) {
    failure ??= failureOf(line);
  }
  return failure;
}

/** What one line says of a failure: in a word, in detail, or as a refusal that is no stream. */
function failureOf(line: string): string | undefined {
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return line.trim();
  }
  if (!isRecord(said)) return undefined;
  const { error, errorDetail, message } = said;
  const detail = isRecord(errorDetail) ? errorDetail['message'] : undefined;
  const words = [detail, error, message].find((text) => typeof text === 'string');
  // An error without words of its own is an error all the same.
  return words ?? ((error ?? errorDetail ?? undefined) === undefined ? undefined : line.trim());
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
