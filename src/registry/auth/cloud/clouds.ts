import type { Options } from '../../../options.ts';
import type { Environment } from '../../http/agents.ts';
import { amazonApi } from './amazon.ts';
import { azureSignIn, entraToken, type SendForm } from './azure.ts';
import { cloudRegistryOf } from './cloud-registry.ts';
import { googleSignIn } from './google.ts';
import type { CloudSignIn } from './sign-in.ts';

/** What the cloud behind a registry does for this workload. */
export interface Cloud {
  readonly signIn: CloudSignIn;
  /**
   * Creates a repository, where that takes more than writing to it.
   *
   * @returns `false` if it was there already
   */
  readonly createRepository?: (name: string, options?: Options) => Promise<boolean>;
}

export interface CloudContext {
  /** Canonical, as references name it. */
  readonly registry: string;
  /** Where its API answers. */
  readonly url: URL;
  readonly send: SendForm;
}

/** The cloud behind a registry; `undefined` for a registry of nobody's cloud. */
export type Clouds = (context: CloudContext) => Cloud | undefined;

/** The clouds as this process finds them. What they need is loaded when it is first asked for. */
export function systemClouds(env: Environment): Clouds {
  const entra = entraToken(env);
  const google = googleSignIn();
  return ({ registry, url, send }) => {
    // Their credentials never travel in the clear, whatever the operator says of the host.
    const found = url.protocol === 'https:' ? cloudRegistryOf(registry) : undefined;
    if (found === undefined) return undefined;
    if (found.cloud === 'amazon') return amazonApi(found, env);
    return { signIn: found.cloud === 'azure' ? azureSignIn(found, entra, send) : google };
  };
}
