import * as v from 'valibot';
import type { Secret } from '../../../secret.ts';
import {
  about,
  flag,
  oneOf,
  optional,
  secret,
  secretFile,
  text,
  withDefault,
  type Schema,
} from '../../../settings/fields.ts';
import { checkPem } from '../../../settings/texts.ts';
import { checkAddress } from './texts.ts';

export interface TlsSettings {
  readonly ca?: string;
  readonly server_name?: string;
  readonly cert?: string;
  readonly key?: Secret;
  readonly key_file?: Secret;
}

export interface TemporalSettings {
  readonly address?: string;
  readonly namespace: string;
  readonly task_queue?: string;
  readonly tls: boolean | TlsSettings;
  readonly auth?: 'oauth' | 'none';
  readonly api_key?: Secret;
  readonly api_key_file?: Secret;
}

const tls: Schema<TlsSettings> = about(
  v.pipe(
    v.strictObject({
      ca: optional(
        text(
          {
            title: 'Certificate authorities',
            description:
              'Trusted instead of the usual ones: a PEM file, relative to the configuration file, or the PEM text itself.',
            examples: ['corp.pem'],
            role: 'pem',
          },
          checkPem('CERTIFICATE'),
        ),
      ),
      server_name: optional(
        text({
          title: 'Server name',
          description: "Name in the server's certificate, where it is not the host.",
        }),
      ),
      cert: optional(
        text(
          {
            title: 'Client certificate',
            description: 'For mutual TLS: a PEM file or the PEM text itself; needs a key.',
            role: 'pem',
          },
          checkPem('CERTIFICATE'),
        ),
      ),
      key: optional(
        secret(
          { title: 'Client key', description: 'Private key of `cert`, as PEM text.' },
          checkPem('PRIVATE KEY'),
        ),
      ),
      key_file: optional(
        secretFile(
          {
            title: 'File of the client key',
            description: 'A PEM file that holds the private key, instead of `key`.',
          },
          checkPem('PRIVATE KEY'),
        ),
      ),
    }),
    v.partialCheck(
      [['cert'], ['key'], ['key_file']],
      ({ cert, key, key_file }) =>
        (cert === undefined) === (key === undefined && key_file === undefined),
      'needs both cert and key (or key_file), or neither',
    ),
  ),
  { title: 'TLS', description: 'How the server is recognised.' },
);

const section = v.strictObject({
  address: optional(
    text(
      {
        title: 'Address',
        description: 'host:port of the server. Default: `<tenant>-temporal.atlan.com:443`.',
        examples: ['acme-temporal.atlan.com:443'],
      },
      checkAddress,
    ),
  ),
  namespace: withDefault(
    text({ title: 'Namespace', description: 'Namespace of the deployment.' }),
    'default',
  ),
  task_queue: optional(
    text({
      title: 'Task queue',
      description: 'Where commands come from. Default: `atlan-sdr-<deployment>`.',
    }),
  ),
  tls: withDefault(
    about(v.union([flag({ title: 'TLS', description: 'Whether TLS is spoken at all.' }), tls]), {
      title: 'TLS',
      description: '`true`, `false`, or how the server is recognised.',
    }),
    true,
  ),
  auth: optional(
    oneOf(['oauth', 'none'], {
      title: 'Authentication',
      description:
        "`oauth` sends an access token of the deployment's pair, refreshed in time. Default: `oauth`, unless there is an `api_key`.",
    }),
  ),
  api_key: optional(secret({ title: 'API key', description: 'Sent instead of an access token.' })),
  api_key_file: optional(
    secretFile({
      title: 'File of the API key',
      description: 'A file that holds the key, instead of `api_key`.',
    }),
  ),
});

export const temporalSchema: Schema<TemporalSettings> = about(
  v.pipe(
    section,
    v.forward(
      v.partialCheck(
        [['auth'], ['api_key'], ['api_key_file']],
        ({ auth, api_key, api_key_file }) =>
          auth === undefined || (api_key ?? api_key_file) === undefined,
        'auth and an API key contradict each other: give one of them',
      ),
      ['auth'],
    ),
  ) as Schema<TemporalSettings>,
  { title: 'Temporal', description: 'Where commands come from.' },
);
