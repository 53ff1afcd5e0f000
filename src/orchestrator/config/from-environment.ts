import type { Problem } from '../../settings/conform.ts';
import type { Environment } from '../../settings/interpolate.ts';
import type { SettingPath } from '../../settings/path.ts';
import { getAt } from '../../settings/raw.ts';
import type { Given } from '../../settings/given.ts';

// Only the first is known from the vendor; how its `.env` calls the OAuth pair is not public. The
// first of the others is what apps read.
const ID_VARIABLES = ['ATLAN_AUTH_CLIENT_ID', 'ATLAN_CLIENT_ID', 'SDR_CLIENT_ID', 'CLIENT_ID'];
const SECRET_VARIABLES = ID_VARIABLES.map((name) => name.replace(/ID$/, 'SECRET'));

interface Source {
  readonly path: SettingPath;
  readonly variables: readonly string[];
  /** Settings of the file that say the same in another way. */
  readonly instead?: SettingPath;
}

const SOURCES: readonly Source[] = [
  { path: ['atlan', 'deployment_name'], variables: ['SDR_DEPLOYMENT_NAME'] },
  { path: ['atlan', 'client_id'], variables: ID_VARIABLES },
  {
    path: ['atlan', 'client_secret'],
    variables: SECRET_VARIABLES,
    instead: ['atlan', 'client_secret_file'],
  },
];

const SECRET_FILE: Source = {
  path: ['atlan', 'client_secret_file'],
  variables: SECRET_VARIABLES.map((name) => `${name}_FILE`),
};

/**
 * The settings that the vendor's `.env` gives. Where the file says another thing than the
 * environment, nobody can know which is meant: polling the queue of another deployment would take
 * its commands.
 */
export function givenByEnvironment(
  data: unknown,
  env: Environment,
): { readonly given: readonly Given[]; readonly problems: readonly Problem[] } {
  const given: Given[] = [];
  const problems: Problem[] = [];
  for (const { path, variables, instead } of SOURCES) {
    const found = firstSet(variables, env);
    const written = getAt(data, path);
    if (written !== undefined) {
      if (found !== undefined && found.value !== written) {
        problems.push({
          path,
          message: `is not what ${found.origin} says: write it in one place, or the same in both`,
        });
      }
    } else if (
      found !== undefined &&
      (instead === undefined || getAt(data, instead) === undefined)
    ) {
      given.push({ path, ...found });
    }
  }
  const hasSecret =
    given.some(({ path }) => path[1] === 'client_secret') ||
    [['atlan', 'client_secret'], SECRET_FILE.path].some((path) => getAt(data, path) !== undefined);
  const file = hasSecret ? undefined : firstSet(SECRET_FILE.variables, env);
  if (file !== undefined) given.push({ path: SECRET_FILE.path, ...file });
  return { given, problems };
}

function firstSet(
  variables: readonly string[],
  env: Environment,
): { readonly value: string; readonly origin: string } | undefined {
  for (const origin of variables) {
    const value = env[origin];
    if (value !== undefined && value !== '') return { value, origin };
  }
  return undefined;
}
