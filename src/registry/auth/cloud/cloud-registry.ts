/** A registry of a cloud that knows the identity of its workloads. */
export type CloudRegistry =
  | {
      /** Amazon Elastic Container Registry, private. */
      readonly cloud: 'amazon';
      readonly account: string;
      readonly region: string;
      /** Whether the host is that of the endpoints with validated cryptography. */
      readonly fips: boolean;
      /** Whether the host is that of the endpoints with IPv6. */
      readonly dualStack: boolean;
    }
  | {
      /** Azure Container Registry. */
      readonly cloud: 'azure';
      readonly host: string;
      /** For which a token of Microsoft Entra must be to be exchanged there. */
      readonly scope: string;
    }
  | {
      /** Artifact Registry, and the hosts of Container Registry it took over. */
      readonly cloud: 'google';
    };

// Source: ecrPattern of amazon-ecr-credential-helper. A region is one label: nothing that follows
// can make another host of it.
const AMAZON =
  /^(\d{12})\.dkr[.-]ecr(-fips)?\.([a-z0-9][a-z0-9-]*)\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|(on)\.(?:aws|amazonwebservices\.com\.cn)|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/;
const AZURE = /^[a-z0-9][a-z0-9-]*\.azurecr\.(io|cn|us)$/;
const GOOGLE = /^(?:(?:(?:us|eu|asia)\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)$/;

// Public Azure has an audience of its own for registries, which works where tokens for the resource
// manager are turned off; the others know only that of their resource manager.
// Source: sdk/containers/azcontainerregistry/cloud_config.go of azure-sdk-for-go.
const AZURE_SCOPES: Readonly<Record<string, string>> = {
  io: 'https://containerregistry.azure.net/.default',
  cn: 'https://management.chinacloudapi.cn/.default',
  us: 'https://management.usgovcloudapi.net/.default',
};

/**
 * Which cloud's registry a host is, by its whole name. Such a host is run by the cloud itself,
 * whoever its registry belongs to: signing in there tells no customer of that cloud anything.
 *
 * @param registry - canonical host, as references name it
 * @returns `undefined` for every other registry, and for a host with a port: no cloud has those
 */
export function cloudRegistryOf(registry: string): CloudRegistry | undefined {
  const amazon = AMAZON.exec(registry);
  if (amazon !== null) {
    const [, account = '', fips, region = '', dualStack] = amazon;
    return {
      cloud: 'amazon',
      account,
      region,
      fips: fips !== undefined,
      dualStack: dualStack !== undefined,
    };
  }
  const scope = AZURE_SCOPES[AZURE.exec(registry)?.[1] ?? ''];
  if (scope !== undefined) return { cloud: 'azure', host: registry, scope };
  return GOOGLE.test(registry) ? { cloud: 'google' } : undefined;
}

/** Registries that make a repository of whatever is pushed to it. */
const MAKE_THEIR_OWN = /^(?:docker\.io|ghcr\.io|quay\.io|[a-z0-9-]+\.azurecr\.(?:io|cn|us))$/;

/**
 * Why no repository is created at a registry.
 *
 * @returns `undefined` for ECR, where it can be and needs to be done
 */
export function whyNotCreated(registry: string): string | undefined {
  const cloud = cloudRegistryOf(registry)?.cloud;
  if (cloud === 'amazon') return undefined;
  if (MAKE_THEIR_OWN.test(registry)) {
    return `is not needed: ${registry} creates a repository by itself when something is pushed to it`;
  }
  if (cloud === 'google') {
    return 'is for ECR only: in Artifact Registry create the repository (the second part of the path) with gcloud artifacts repositories create; what is below it needs no creating';
  }
  return 'is for ECR only: most other registries create repositories by themselves; where a project must exist first, as in Harbor, create it there';
}
