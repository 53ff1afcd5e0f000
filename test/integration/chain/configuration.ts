/** Who may push to, and pull from, the company's registry. */
export const USER = { user: 'sdr', password: 'marked-registry-password-2b7d' } as const;

/** Where containers find everything, as `host:port`. */
export interface Places {
  readonly tenant: string;
  readonly source: string;
  readonly target: string;
  readonly store: string;
  readonly temporal: string;
  readonly appsTemporal: string;
}

const VERIFY = `
  verify:
    keys: [{ name: vendor, pem: vendor.pub, requireLog: false }]
`;

/** The map is where the orchestrator's own configuration says. */
export function mirrorYaml({ tenant, source, target }: Places): string {
  return `
releases: { url: "https://${tenant}", token: "\${ATLAN_API_TOKEN}" }
source: { registry: "${source}" }
target: { image: "${target}/atlan/{name}:{tag}" }
map: { component: config.yaml }
${VERIFY.replace(/^ {2}/gm, '')}
registries:
  "${source}": { plainHttp: true }
  "${target}": { plainHttp: true, username: ${USER.user}, password: "\${REGISTRY_PASSWORD}" }
`;
}

export function orchestratorYaml(places: Places): string {
  const { tenant, target, store, temporal, appsTemporal } = places;
  return `
atlan: { deployment_name: prod, domain: "${tenant}" }
components:
  objectstore:
    type: bindings.aws.s3
    version: v1
    metadata:
      - { name: bucket, value: acme-sdr }
      - { name: region, value: us-east-1 }
      - { name: endpoint, value: "http://${store}" }
      - { name: forcePathStyle, value: "true" }
      - { name: accessKey, envRef: OBJECTSTORE_ACCESS_KEY }
      - { name: secretKey, envRef: OBJECTSTORE_SECRET_KEY }
container_registry:
  image_map_path: sdr/image-map.yaml
  host: "${target}"
  username: ${USER.user}
  password: "\${REGISTRY_PASSWORD}"
orchestrator:
  registries: { "${target}": { plainHttp: true } }
${VERIFY}
  temporal: { address: "${temporal}", tls: { ca: ca.pem } }
  control_plane: { callback_url: "https://${tenant}/api/service/sdr/callback" }
  apps:
    "*":
      stop_grace: 30s
      health: { settle: 3s }
      # The tenant's gate is of the orchestrator; this app speaks with Temporal itself.
      environment: { ATLAN_TEMPORAL_HOST: "${appsTemporal}" }
`;
}
