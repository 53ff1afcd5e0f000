import { ControlPlaneError, ReleaseSourceError } from '../../errors.ts';
import type { OrchestratorConfig } from '../../orchestrator/config/config.ts';
import { createOAuthTokens } from '../../orchestrator/temporal/oauth.ts';
import type { TokenSource } from '../../orchestrator/temporal/tokens.ts';
import { createFileReleaseSource } from '../../releases/file.ts';
import { createMarketplaceSource } from '../../releases/marketplace.ts';
import type { ReleaseSource } from '../../releases/release-source.ts';
import type { World } from '../world.ts';

/** Access tokens for the deployment's OAuth pair. Nothing is asked yet. */
export function wireTokens(
  { atlan }: Pick<OrchestratorConfig, 'atlan'>,
  world: World,
): TokenSource {
  const { tokenUrl, clientId, clientSecret } = atlan;
  const { env, logger } = world;
  return createOAuthTokens({ url: new URL(tokenUrl), clientId, clientSecret, env, logger });
}

/** Where new versions are announced; with an access token, unless there is an API token. */
export function wireReleases(
  { releases }: Pick<OrchestratorConfig, 'releases'>,
  tokens: TokenSource,
  { env, logger }: World,
): ReleaseSource {
  if (releases.kind === 'file') return createFileReleaseSource(releases.path);
  const { url, token } = releases;
  if (token !== undefined) return createMarketplaceSource({ url, token, env, logger });
  return {
    location: url,
    latest: async (options = {}) => {
      const access = await tokenFor(url, tokens, options);
      const source = createMarketplaceSource({ url, token: access.value, env, logger });
      return source.latest(options);
    },
  };
}

async function tokenFor(
  url: string,
  tokens: TokenSource,
  options: Parameters<TokenSource['token']>[0],
): ReturnType<TokenSource['token']> {
  try {
    return await tokens.token(options);
  } catch (error) {
    if (!(error instanceof ControlPlaneError)) throw error;
    throw new ReleaseSourceError(
      `the releases at ${url} cannot be asked for without a token: ${error.message}`,
      { retryable: error.retryable, cause: error },
    );
  }
}
