import { readFileSync } from 'node:fs';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { ConfigError, errorMessage } from '../../errors.ts';
import { createAgents, type Environment } from '../agents.ts';
import type { S3Place } from '../place.ts';

const CONNECT_MS = 10_000;
const REQUEST_MS = 30_000;
const ATTEMPTS = 4;
const AMAZON = /\.(?:amazonaws\.com(?:\.cn)?|api\.aws|amazonaws\.eu)$/;

/** A client for one place, and what is known of whom it talks to. */
export interface S3Connection {
  readonly client: S3Client;
  /** Whether it is Amazon's own S3, which is known to keep its promises. */
  readonly isAmazon: boolean;
}

/** Credentials, region and endpoint that `place` leaves out come from where the SDK finds them. */
export async function connectS3(place: S3Place, env: Environment): Promise<S3Connection> {
  // The SDK ignores this variable of all other AWS tools.
  const bundle = env['AWS_CA_BUNDLE'];
  const ca = place.ca ?? (bundle === undefined || bundle === '' ? undefined : readBundle(bundle));
  const { credentials, assumeRole, insecureTls } = place;
  const requestHandler = {
    ...createAgents({ env, ca, insecureTls }),
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    throwOnRequestTimeout: true,
  };
  const endpoint = place.endpoint ?? (await ambientEndpoint());
  const isAmazon = endpoint === undefined || AMAZON.test(hostOf(endpoint));
  const region = place.region ?? (isAmazon ? undefined : await ambientRegion());
  const identity = credentials && {
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey.reveal(),
    ...(credentials.sessionToken && { sessionToken: credentials.sessionToken.reveal() }),
  };
  const config: S3ClientConfig = {
    requestHandler,
    maxAttempts: ATTEMPTS,
    followRegionRedirects: isAmazon,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(place.pathStyle !== undefined && { forcePathStyle: place.pathStyle }),
    ...(identity && { credentials: identity }),
    // Other stores know neither the checksums the SDK adds by default nor the chunks they come in.
    ...(!isAmazon && {
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    }),
  };
  if (assumeRole !== undefined) {
    const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
    config.credentials = fromTemporaryCredentials({
      ...(identity && { masterCredentials: identity }),
      params: {
        RoleArn: assumeRole.arn,
        RoleSessionName: assumeRole.sessionName ?? 'sdr-mirror',
      },
      clientConfig: { requestHandler, ...(region !== undefined && { region }) },
    });
  }
  return { client: new S3Client(config), isAmazon };
}

/** What `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` or a profile says. */
async function ambientEndpoint(): Promise<string | undefined> {
  // Only a client knows; the region plays no part in it.
  const { config } = new S3Client({ region: 'us-east-1' });
  return config.serviceConfiguredEndpoint?.();
}

/** Stores other than Amazon's have one region, whose name hardly matters but must be signed. */
async function ambientRegion(): Promise<string> {
  try {
    return await new S3Client({}).config.region();
  } catch {
    // No region is set anywhere: the SDK says so by an error without a code.
    return 'us-east-1';
  }
}

function hostOf(endpoint: string): string {
  const url = URL.parse(endpoint);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.hostname;
  throw new ConfigError(
    `the S3 endpoint ${JSON.stringify(endpoint)} is not a URL: write https://host or https://host:port`,
  );
}

function readBundle(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`AWS_CA_BUNDLE: ${errorMessage(error)}`, error);
  }
}
