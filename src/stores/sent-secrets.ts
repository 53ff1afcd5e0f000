import { Secret } from '../secret.ts';
import type { Environment } from './agents.ts';

/** Where the SDKs find secrets of their own accord. */
const AMBIENT = [
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AZURE_CLIENT_SECRET',
  'AZURE_STORAGE_CONNECTION_STRING',
  'AZURE_STORAGE_KEY',
  'AZURE_STORAGE_SAS_TOKEN',
] as const;

/** The secrets by which a store is used: it may repeat them when it refuses. */
export function sentSecrets(
  { credentials }: { readonly credentials?: object | undefined },
  env: Environment,
): readonly string[] {
  const secrets = [
    ...Object.values(credentials ?? {}).flatMap((value: unknown) =>
      value instanceof Secret ? value.reveal() : [],
    ),
    ...AMBIENT.map((name) => env[name] ?? ''),
  ];
  return [...secrets, ...secrets.flatMap(partsOf)];
}

/** What is secret in a SAS token or a connection string, which hold names and versions besides. */
function partsOf(secret: string): readonly string[] {
  const named = secret.matchAll(/(?:^|[?&;])(sig|AccountKey)=([^&;]+)/gi);
  return [...named].flatMap(([, , value = '']) => [
    value,
    new URLSearchParams(`value=${value}`).get('value') ?? value,
  ]);
}
