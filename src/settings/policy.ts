import * as v from 'valibot';
import type {
  AttestationRequirement,
  IdentityPolicy,
  PublicKeyPolicy,
} from '../signatures/policy.ts';
import { about, flag, list, optional, text, withDefault, type Schema } from './fields.ts';
import { checkPattern, checkPem, checkUrl } from './texts.ts';

export interface KeySettings extends Omit<PublicKeyPolicy, 'name'> {
  readonly name?: string;
}

export interface RequireSettings {
  readonly signatures: number | 'all';
  readonly attestations: readonly AttestationRequirement[];
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
        v.string(),
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
      checkPem('PUBLIC KEY'),
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

const attestation: Schema<AttestationRequirement> = about(
  v.strictObject({
    predicateType: text({
      title: 'Predicate type',
      description: 'Type of the attestation, exactly.',
      examples: ['https://slsa.dev/provenance/v1'],
    }),
    builderId: optional(
      text({ title: 'Builder', description: 'SLSA provenance: id of the builder, exactly.' }),
    ),
    sourceRepository: optional(
      text({
        title: 'Source repository',
        description: 'SLSA provenance: repository the image was built from, without ref or digest.',
        examples: ['https://github.com/acme/app'],
      }),
    ),
  }),
  { title: 'Attestation', description: 'An attestation by an accepted identity or key.' },
);

const require: Schema<RequireSettings> = about(
  v.strictObject({
    signatures: withDefault(
      about(
        v.union([v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)), v.literal('all')]),
        {
          title: 'Signers',
          description:
            'How many different accepted signers must have signed, or `all`: every identity and every key listed.',
        },
      ),
      1,
    ),
    attestations: withDefault(
      list(attestation, {
        title: 'Attestations',
        description: 'Attestations an image must carry, each of them.',
      }),
      [],
    ),
  }),
  { title: 'Requirements', description: 'What must be there besides one signature.' },
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
