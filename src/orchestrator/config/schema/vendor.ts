import * as v from 'valibot';
import type { Secret } from '../../../secret.ts';
import {
  about,
  optional,
  secret,
  secretFile,
  text,
  withDefault,
  type Schema,
} from '../../../settings/fields.ts';
import { checkHost } from '../../../settings/texts.ts';
import { checkBase, checkDeploymentName, checkDomain, checkMapKey, checkPrefix } from './texts.ts';

// The sections that the vendor's own orchestrator reads too: they may hold more than is known here.

export interface AtlanSettings {
  readonly deployment_name?: string;
  readonly domain?: string;
  readonly client_id?: string;
  readonly client_secret?: Secret;
  readonly client_secret_file?: Secret;
}

export interface ContainerRegistrySettings {
  readonly base?: string;
  readonly base_replaces: string;
  readonly image_map_path?: string;
  readonly username?: string;
  readonly password?: Secret;
  readonly password_file?: Secret;
  readonly host?: string;
}

const atlan = v.looseObject({
  deployment_name: optional(
    text(
      {
        title: 'Deployment',
        description:
          'Name of the deployment, part of the names of queues and containers. Or `SDR_DEPLOYMENT_NAME` in `.env`.',
        examples: ['prod'],
      },
      checkDeploymentName,
    ),
  ),
  domain: optional(
    text(
      {
        title: 'Domain',
        description: "The tenant's address.",
        examples: ['acme.atlan.com'],
      },
      checkDomain,
    ),
  ),
  client_id: optional(
    text({
      title: 'Client id',
      description:
        "Client id of the deployment's OAuth pair. Or `ATLAN_AUTH_CLIENT_ID` (`ATLAN_CLIENT_ID`, `SDR_CLIENT_ID`, `CLIENT_ID`) in `.env`.",
    }),
  ),
  client_secret: optional(
    secret({
      title: 'Client secret',
      description: 'Its secret. Or `ATLAN_AUTH_CLIENT_SECRET` (and so on) in `.env`.',
      examples: ['${ATLAN_AUTH_CLIENT_SECRET}'],
    }),
  ),
  client_secret_file: optional(
    secretFile({
      title: 'File of the client secret',
      description:
        'A file that holds the secret, instead of `client_secret`. Or `ATLAN_AUTH_CLIENT_SECRET_FILE` (and so on) in `.env`.',
      examples: ['/run/secrets/client-secret'],
    }),
  ),
});

export const atlanSchema: Schema<AtlanSettings> = about(atlan, {
  title: 'Atlan',
  description: 'The tenant, and who the deployment is there.',
});

const containerRegistry = v.looseObject({
  base: optional(
    text(
      {
        title: 'Prefix',
        description:
          'Where every image is pulled from, under its own name and tag. Not looked at where there is an image map.',
        examples: ['registry.mycompany.com/atlan'],
      },
      checkBase,
    ),
  ),
  base_replaces: withDefault(
    text(
      {
        title: 'What the prefix replaces',
        description:
          'Beginning of announced names that `base` takes the place of; an image whose name begins otherwise is pulled from where it was announced. `docker.io` keeps the whole path: `registry.mycompany.com/atlan/atlanhq/…`.',
        examples: ['atlanhq', 'docker.io'],
      },
      checkPrefix,
    ),
    'atlanhq',
  ),
  image_map_path: optional(
    text(
      {
        title: 'Image map',
        description:
          'Where in the bucket of the component `objectstore` the image map is. With it, the map alone says where images come from.',
        examples: ['sdr/image-map.yaml'],
      },
      checkMapKey,
    ),
  ),
  username: optional(
    text({
      title: 'User name',
      description: 'User to pull with; needs a password.',
    }),
  ),
  password: optional(
    secret({
      title: 'Password',
      description: 'Password or access token of the user.',
      examples: ['${REGISTRY_PASSWORD}'],
    }),
  ),
  password_file: optional(
    secretFile({
      title: 'File of the password',
      description: 'A file that holds the password, instead of `password`.',
      examples: ['/run/secrets/registry'],
    }),
  ),
  host: optional(
    text(
      {
        title: 'Host of the user',
        description:
          'The only registry that user and password are sent to. Default: the one that the map or `base` leads to, and without either Docker Hub.',
        examples: ['registry.mycompany.com'],
      },
      checkHost,
    ),
  ),
});

export const containerRegistrySchema: Schema<ContainerRegistrySettings> = about(
  v.pipe(
    containerRegistry,
    v.partialCheck(
      [['username'], ['password'], ['password_file']],
      ({ username, password, password_file }) =>
        (username === undefined) === (password === undefined && password_file === undefined),
      'needs both username and password (or password_file), or neither',
    ),
  ) as Schema<ContainerRegistrySettings>,
  { title: 'Container registry', description: 'Where images come from instead of Docker Hub.' },
);
