import * as v from 'valibot';
import { ConfigError, errorMessage } from '../errors.ts';
import { FULCIO_EXTENSIONS } from '../signatures/fulcio.ts';
import type { IdentityPolicy, PublicKeyPolicy } from '../signatures/policy.ts';
import { readPublicKey } from '../signatures/public-key.ts';
import {
  about,
  flag,
  list,
  optional,
  text,
  wholeNumber,
  withDefault,
  type Schema,
} from './fields.ts';
import { didYouMean } from './suggest.ts';
import { checkPattern, checkPem, checkUrl } from './texts.ts';

export interface KeySettings extends Omit<PublicKeyPolicy, 'name'> {
  readonly name?: string;
}

/** How many signers, or what else there must be besides one. */
export type RequireSettings = SignerCount | readonly RequirementSettings[];

type SignerCount = number | 'all';

export interface RequirementSettings {
  readonly signatures?: SignerCount;
  readonly attestation?: string;
  readonly builderId?: string;
  readonly sourceRepository?: string;
}

export interface PolicySettings {
  readonly identities?: readonly IdentityPolicy[];
  readonly keys?: readonly KeySettings[];
  readonly require?: RequireSettings;
}

interface PolicyEntries extends v.ObjectEntries {
  readonly identities: v.ExactOptionalSchema<Schema<IdentityPolicy[]>, undefined>;
  readonly keys: v.ExactOptionalSchema<Schema<KeySettings[]>, undefined>;
  readonly require: v.ExactOptionalSchema<Schema<RequireSettings>, undefined>;
}

const identityEntries = v.strictObject({
  subject: optional(
    text({
      title: 'Subject',
      description:
        "The certificate's subject alternative name, exactly: a workflow's URI, an e-mail address.",
      examples: ['https://github.com/acme/images/.github/workflows/release.yaml@refs/heads/main'],
    }),
  ),
  subjectPattern: optional(
    text(
      {
        title: 'Subject pattern',
        description: 'A regular expression that the whole subject matches, instead of `subject`.',
        examples: ['https://github\\.com/acme/.+/\\.github/workflows/release\\.yaml@refs/tags/v.+'],
      },
      checkPattern,
    ),
  ),
  issuer: optional(
    text(
      {
        title: 'Issuer',
        description: 'The OIDC issuer that vouched for the signer, exactly.',
        examples: ['https://token.actions.githubusercontent.com'],
      },
      checkUrl,
    ),
  ),
  issuerPattern: optional(
    text(
      {
        title: 'Issuer pattern',
        description: 'A regular expression that the whole issuer matches, instead of `issuer`.',
        examples: ['https://gitlab\\.(acme|example)\\.com'],
      },
      checkPattern,
    ),
  ),
  extensions: optional(
    about(
      v.record(
        text({ title: 'Extension', description: 'Name of the extension.' }, checkExtension),
        text({ title: 'Value', description: 'The value of the extension, exactly.' }),
      ),
      {
        title: 'Extensions',
        description: "Further conditions on the certificate's Fulcio extensions, by name, exactly.",
        examples: [{ sourceRepositoryURI: 'https://github.com/acme/images' }],
      },
    ),
  ),
});

const identity: Schema<IdentityPolicy> = about(
  v.pipe(
    identityEntries,
    v.partialCheck(
      [['subject'], ['subjectPattern']],
      ({ subject, subjectPattern }) => (subject === undefined) !== (subjectPattern === undefined),
      'needs either subject or subjectPattern, and not both',
    ),
    v.partialCheck(
      [['issuer'], ['issuerPattern']],
      ({ issuer, issuerPattern }) => (issuer === undefined) !== (issuerPattern === undefined),
      'needs either issuer or issuerPattern, and not both',
    ),
  ),
  { title: 'Identity', description: 'Whose keyless signature is accepted.' },
);

const key: Schema<KeySettings> = about(
  v.strictObject({
    name: optional(
      text({
        title: 'Name',
        description: 'What reports call the key. Default: its place in the list.',
        examples: ['release-team'],
      }),
    ),
    pem: text(
      {
        title: 'Public key',
        description:
          'A PEM file, relative to the configuration file, or the PEM text itself: EC, RSA or Ed25519.',
        examples: ['cosign.pub'],
        role: 'pem',
      },
      checkPublicKey,
    ),
    requireLog: withDefault(
      flag({
        title: 'Require the log',
        description:
          'Whether the signature must also stand in a transparency log. `false` forgoes noticing that a stolen key was used.',
      }),
      true,
    ),
  }),
  { title: 'Key', description: 'A public key whose signature is accepted.' },
);

const signerCount: Schema<SignerCount> = about(
  v.union([
    wholeNumber({ title: 'Number', description: 'A number of signers.' }, 1, 16),
    v.literal('all'),
  ]),
  {
    title: 'Signers',
    description:
      'How many different accepted signers must have signed, or `all`: every identity and every key listed.',
  },
);

const requirement: Schema<RequirementSettings> = about(
  v.pipe(
    v.strictObject({
      signatures: optional(signerCount),
      attestation: optional(
        text({
          title: 'Attestation',
          description:
            'Type of an attestation (its `predicateType`, exactly) that the image must carry, signed by an accepted identity or key.',
          examples: ['https://slsa.dev/provenance/v1'],
        }),
      ),
      builderId: optional(
        text({ title: 'Builder', description: 'SLSA provenance: id of the builder, exactly.' }),
      ),
      sourceRepository: optional(
        text({
          title: 'Source repository',
          description:
            'SLSA provenance: repository the image was built from, without ref or digest.',
          examples: ['https://github.com/acme/app'],
        }),
      ),
    }),
    v.partialCheck(
      [['signatures'], ['attestation']],
      ({ signatures, attestation }) => (signatures === undefined) !== (attestation === undefined),
      'needs either signatures or attestation, and not both',
    ),
    v.partialCheck(
      [['attestation'], ['builderId'], ['sourceRepository']],
      ({ attestation, builderId, sourceRepository }) =>
        attestation !== undefined || (builderId ?? sourceRepository) === undefined,
      'builderId and sourceRepository are conditions on an attestation: say which',
    ),
  ),
  { title: 'Requirement', description: 'A number of signers, or an attestation.' },
);

const require: Schema<RequireSettings> = about(
  v.union([
    signerCount,
    v.pipe(
      v.array(requirement),
      v.check(
        (list) => list.filter(({ signatures }) => signatures !== undefined).length < 2,
        'name a number of signers twice',
      ),
    ),
  ]),
  {
    title: 'Requirements',
    description:
      'What must be there: a number of different signers, `all`, or a list of requirements, each of which must be met. One signature is always asked for.',
    examples: [2, 'all', [{ attestation: 'https://slsa.dev/provenance/v1' }]],
  },
);

/** The settings that make up a policy, to stand among others. */
export const policyEntries: PolicyEntries = {
  identities: optional(
    list(identity, {
      title: 'Identities',
      description:
        "Whose keyless signatures are accepted. Default, if no `keys` are given either: the vendor's build workflow.",
    }),
  ),
  keys: optional(
    list(key, { title: 'Keys', description: 'Public keys whose signatures are accepted.' }),
  ),
  require: optional(require),
};

function checkPublicKey(pem: string): void {
  checkPem('PUBLIC KEY')(pem);
  try {
    readPublicKey({ name: '', pem, requireLog: true });
  } catch (error) {
    throw new ConfigError(`holds no usable public key: ${errorMessage(error)}`, error);
  }
}

function checkExtension(name: string): void {
  if (FULCIO_EXTENSIONS.includes(name)) return;
  const meant = didYouMean(name, FULCIO_EXTENSIONS);
  const known = meant === '' ? `; known are ${FULCIO_EXTENSIONS.join(', ')}` : meant;
  throw new ConfigError(`is no extension of a certificate${known}`);
}
