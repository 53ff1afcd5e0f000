import * as v from 'valibot';
import { EngineError } from '../../errors.ts';
import type { Options } from '../../options.ts';
import type { Dialect } from './dialect.ts';
import { dockerDialect } from './docker-dialect.ts';
import type { EngineConnection } from './engine-connection.ts';
import { refused } from './engine-failures.ts';
import { parse } from './inspect-json.ts';
import { podmanDialect } from './podman-dialect.ts';

/** What was agreed with the engine. */
export interface Session {
  readonly version: string;
  readonly apiVersion: string;
  readonly architecture: string;
  readonly dialect: Dialect;
  /** Stands before every path: `/v1.41`. */
  readonly prefix: string;
}

/** Docker 20.10 and Podman 4 speak this; everything asked of an engine is in it. */
const OLDEST = 41;
/** Docker 29 speaks nothing older than this, and what is asked has kept its meaning up to it. */
const NEWEST = 44;

const version = v.object({
  Version: v.string(),
  ApiVersion: v.string(),
  MinAPIVersion: v.optional(v.string(), ''),
  Arch: v.optional(v.string(), ''),
  Components: v.optional(
    v.nullable(
      v.array(v.object({ Name: v.string(), Details: v.optional(v.nullable(v.looseObject({}))) })),
    ),
  ),
});

interface Version {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion: string;
  readonly Arch: string;
  readonly Components?: readonly { readonly Name: string }[] | null | undefined;
}

/**
 * Asks the engine what it is and agrees on a version of the API.
 *
 * @throws EngineError `ENGINE_REFUSED` for an engine too old
 */
export async function negotiate(
  connection: EngineConnection,
  location: string,
  { signal }: Options = {},
): Promise<Session> {
  const what = 'reach the container engine';
  const answer = await connection.send({ method: 'GET', path: '/version', signal, what });
  if (answer.status !== 200) throw refused(location, 'tell its version', answer);
  const said = parse(version as v.GenericSchema<unknown, Version>, answer, 'itself');
  const apiVersion = agree(said, location);
  const isPodman = said.Components?.some(({ Name }) => /podman/i.test(Name)) === true;
  return {
    version: said.Version,
    apiVersion,
    architecture: said.Arch,
    dialect: isPodman ? podmanDialect : dockerDialect(apiVersion),
    prefix: `/v${apiVersion}`,
  };
}

function agree(said: Version, location: string): string {
  const newest = minorOf(said.ApiVersion);
  // What Podman calls its oldest is the version of its own API.
  const oldest = said.MinAPIVersion.startsWith('1.') ? minorOf(said.MinAPIVersion) : 0;
  if (!said.ApiVersion.startsWith('1.') || newest < OLDEST) {
    throw new EngineError(
      'ENGINE_REFUSED',
      `${location} is engine ${said.Version} with API ${said.ApiVersion}; needed is 1.${OLDEST} or later: Docker 20.10 or Podman 4.3. Upgrade the engine.`,
    );
  }
  return `1.${Math.max(oldest, Math.min(newest, NEWEST))}`;
}

function minorOf(apiVersion: string): number {
  return Number(apiVersion.split('.')[1] ?? 0);
}
