import * as v from 'valibot';
import { whyNotCreated } from '../registry/auth/cloud/cloud-registry.ts';
import { canonicalRegistry } from '../registry/reference.ts';
import type { Secret } from '../secret.ts';
import { about, flag, optional, secret, secretFile, text, type Schema } from './fields.ts';
import { checkHost, checkPem, checkProxy } from './texts.ts';

export interface RegistrySettings {
  readonly username?: string;
  readonly password?: Secret;
  readonly passwordFile?: Secret;
  readonly identityToken?: Secret;
  readonly identityTokenFile?: Secret;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: Secret;
  readonly keyFile?: Secret;
  readonly plainHttp?: boolean;
  readonly proxy?: Secret;
  readonly proxyFile?: Secret;
  readonly cloudIdentity?: boolean;
  readonly createRepositories?: boolean;
}

export type RegistriesSettings = Readonly<Record<string, RegistrySettings>>;

const entries = v.strictObject({
  username: optional(
    text({ title: 'User name', description: 'User to sign in with; needs a password.' }),
  ),
  password: optional(
    secret({
      title: 'Password',
      description: 'Password or access token of the user.',
      examples: ['${REGISTRY_PASSWORD}'],
    }),
  ),
  passwordFile: optional(
    secretFile({
      title: 'File of the password',
      description: 'A file that holds the password, instead of `password`.',
      examples: ['/run/secrets/registry'],
    }),
  ),
  identityToken: optional(
    secret({
      title: 'Identity token',
      description: "An OAuth 2 refresh token, exchanged at the registry's token service.",
    }),
  ),
  identityTokenFile: optional(
    secretFile({
      title: 'File of the identity token',
      description: 'A file that holds the identity token, instead of `identityToken`.',
    }),
  ),
  ca: optional(
    text(
      {
        title: 'Certificate authorities',
        description:
          'Trusted for this host besides the usual ones: a PEM file, relative to the configuration file, or the PEM text itself.',
        examples: ['corp.pem'],
        role: 'pem',
      },
      checkPem('CERTIFICATE'),
    ),
  ),
  cert: optional(
    text(
      {
        title: 'Client certificate',
        description: 'For mutual TLS: a PEM file or the PEM text itself; needs a key.',
        examples: ['client.pem'],
        role: 'pem',
      },
      checkPem('CERTIFICATE'),
    ),
  ),
  key: optional(
    secret(
      {
        title: 'Client key',
        description: 'Private key of `cert`, as PEM text.',
        examples: ['${CLIENT_KEY}'],
      },
      checkPem('PRIVATE KEY'),
    ),
  ),
  keyFile: optional(
    secretFile(
      {
        title: 'File of the client key',
        description: 'A PEM file that holds the private key, instead of `key`.',
        examples: ['/run/secrets/client-key.pem'],
      },
      checkPem('PRIVATE KEY'),
    ),
  ),
  plainHttp: optional(
    flag({
      title: 'Plain http',
      description: 'Speak http instead of https. Whoever is on the way reads the credentials.',
    }),
  ),
  proxy: optional(
    secret(
      {
        title: 'Proxy',
        description:
          'Proxy for this host alone, instead of the one in `HTTPS_PROXY` or `HTTP_PROXY`; `none` for a direct connection. A secret, for it may hold a password.',
        examples: ['http://proxy.mycompany.com:3128', 'none'],
      },
      checkProxy,
    ),
  ),
  proxyFile: optional(
    secretFile(
      {
        title: 'File of the proxy',
        description: 'A file that holds the proxy, instead of `proxy`.',
        examples: ['/run/secrets/proxy'],
      },
      checkProxy,
    ),
  ),
  cloudIdentity: optional(
    flag({
      title: 'Cloud identity',
      description:
        'At ECR, ACR, Artifact Registry and gcr.io: whether to sign in by the identity this workload has in that cloud, where no other credential is found. Default: true.',
    }),
  ),
  createRepositories: optional(
    flag({
      title: 'Create repositories',
      description:
        'At ECR: create a repository that is missing when something is pushed to it, with the settings of the account; needs the right `ecr:CreateRepository`. Other registries create repositories by themselves, or cannot be told to.',
    }),
  ),
});

const registry: Schema<RegistrySettings> = about(
  v.pipe(
    entries,
    v.partialCheck(
      [['username'], ['password'], ['passwordFile']],
      ({ username, password, passwordFile }) =>
        (username === undefined) === (password === undefined && passwordFile === undefined),
      'needs both username and password (or passwordFile), or neither',
    ),
    v.partialCheck(
      [['cert'], ['key'], ['keyFile']],
      ({ cert, key, keyFile }) =>
        (cert === undefined) === (key === undefined && keyFile === undefined),
      'needs both cert and key (or keyFile), or neither',
    ),
    v.forward(
      v.partialCheck(
        [['plainHttp'], ['ca'], ['cert']],
        ({ plainHttp, ca, cert }) => plainHttp !== true || (ca === undefined && cert === undefined),
        'plainHttp contradicts ca and cert: over plain http there is no certificate to check',
      ),
      ['plainHttp'],
    ),
  ),
  {
    title: 'Registry',
    description: 'Credentials left out here are looked for where docker and podman keep theirs.',
  },
);

const host = text(
  {
    title: 'Host',
    description: '`host` or `host:port`, as references name it.',
    examples: ['registry.mycompany.com', '127.0.0.1:5000', 'docker.io'],
  },
  checkHost,
);

const registries = v.pipe(
  v.record(host, registry),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const [name, settings] of Object.entries(dataset.value)) {
      const why = settings.createRepositories && whyNotCreated(canonicalRegistry(name));
      if (typeof why !== 'string') continue;
      addIssue({
        message: why,
        input: true,
        path: [pathItem(dataset.value, name), pathItem(settings, 'createRepositories')],
      });
    }
  }),
  v.check((settings) => {
    const hosts = Object.keys(settings);
    return new Set(hosts.map(canonicalRegistry)).size === hosts.length;
  }, 'name one registry twice: hosts are the same in upper and lower case, and docker.io is also index.docker.io'),
);

function pathItem(input: object, key: string): v.IssuePathItem {
  const value = (input as Readonly<Record<string, unknown>>)[key];
  return { type: 'unknown', origin: 'value', input, key, value };
}

export const registriesSchema: Schema<RegistriesSettings> = about(registries, {
  title: 'Registries',
  description: 'Settings by registry host, `host` or `host:port`, as references name it.',
});
