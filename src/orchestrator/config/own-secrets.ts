/** Variables that every app gets from the deployment itself and components may refer to. */
export const OWN_SECRETS: readonly string[] = ['ATLAN_AUTH_CLIENT_ID', 'ATLAN_AUTH_CLIENT_SECRET'];
